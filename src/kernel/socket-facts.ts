import { bigEndian16, formatIpv4Bytes, formatIpv6Bytes } from './address-bytes'
import type { NativePart } from './native'
import { socketCookie } from './socket-cookie'
import { TcpInfo } from './tcp-info'

/** Where readSocket() puts what: struct facts in native/nat-keepalive.c, in words of 32 bits. */
const AT = {
  keepalive: 0,
  idleSeconds: 1,
  intervalSeconds: 2,
  probes: 3,
  userTimeoutMs: 4,
  unacknowledgedBytes: 5,
  /** The low half, then the high one. */
  cookie: 6,
  /** struct sockaddr_in or sockaddr_in6, in seven words. */
  local: 8,
  remote: 15,
  /** 22 and 23 are spare. */
  info: 24,
  end: 64,
} as const

const AF_INET = 2

/** What the kernel says of one TCP socket, by its descriptor. To be read again and again. */
export class SocketFacts {
  readonly #words = new Uint32Array(AT.end)
  readonly #bytes = new Uint8Array(this.#words.buffer)
  readonly info = new TcpInfo(this.#words, AT.info)

  /**
   * Reads a descriptor of this process: 0, or the negative number of an error, with which nothing
   * that is here means anything. -ENOTSOCK: no socket; -EPROTONOSUPPORT: a socket that is not TCP.
   * About eleven system calls; one for what is no socket.
   */
  read(part: NativePart, fd: number): number {
    return part.readSocket(fd, this.#words)
  }

  get keepalive(): boolean {
    return this.#word(AT.keepalive) !== 0
  }

  /** TCP_KEEPIDLE: the kernel's default where nobody set it. The next two too. */
  get idleSeconds(): number {
    return this.#word(AT.idleSeconds)
  }

  get intervalSeconds(): number {
    return this.#word(AT.intervalSeconds)
  }

  get probes(): number {
    return this.#word(AT.probes)
  }

  /** TCP_USER_TIMEOUT; 0: none. */
  get userTimeoutMs(): number {
    return this.#word(AT.userTimeoutMs)
  }

  /** Bytes that were written and not acknowledged, whether they have been sent or not: SIOCOUTQ. */
  get unacknowledgedBytes(): number {
    return this.#word(AT.unacknowledgedBytes)
  }

  get cookie(): number {
    return socketCookie(this.#word(AT.cookie), this.#word(AT.cookie + 1))
  }

  get localPort(): number {
    return this.#port(AT.local)
  }

  /** 0 where it is not connected. */
  get remotePort(): number {
    return this.#port(AT.remote)
  }

  /** Text, made when it is asked for; IPv4 also where it is mapped into IPv6. */
  get localAddress(): string {
    return this.#address(AT.local)
  }

  /** Empty where it is not connected. */
  get remoteAddress(): string {
    return this.#address(AT.remote)
  }

  #word(index: number): number {
    return this.#words[index] as number
  }

  #port(index: number): number {
    return bigEndian16(this.#bytes, index * 4 + 2)
  }

  #address(index: number): string {
    const family = this.#word(index) & 0xffff
    if (family === 0) return ''
    return family === AF_INET
      ? formatIpv4Bytes(this.#bytes, index * 4 + 4)
      : formatIpv6Bytes(this.#bytes, index * 4 + 8)
  }
}
