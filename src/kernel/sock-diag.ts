import { bigEndian16, formatIpv4Bytes, formatIpv6Bytes } from './address-bytes'
import { notKnown, type Reading } from './proc-fs'
import { socketCookie } from './socket-cookie'
import { TcpInfo } from './tcp-info'
import { TCP_STATES, TCP_TIMERS, type TcpState, type TcpTimer } from './tcp-states'

/** include/uapi/linux/netlink.h and sock_diag.h: a header of four words, and its types. */
const HEADER_BYTES = 16
const NLMSG_NOOP = 1
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const SOCK_DIAG_BY_FAMILY = 20

/** struct inet_diag_msg, include/uapi/linux/inet_diag.h, which attributes follow. */
const SOCKET_BYTES = 72
const INET_DIAG_INFO = 2
const AF_INET = 2

/** Ending with tcpi_segs_in, which Linux has had since 4.2. */
const LEAST_INFO_BYTES = 144

/** A buffer for netlink messages, as bytes and as words. */
export class MessageBuffer {
  readonly bytes: Uint8Array
  readonly words: Uint32Array

  constructor(length: number) {
    this.bytes = new Uint8Array(length)
    this.words = new Uint32Array(this.bytes.buffer)
  }
}

/**
 * One socket of a dump: a window onto the buffer, valid until the visitor returns. What is not asked
 * for is not made.
 */
export class SocketRecord {
  readonly #buffer: MessageBuffer
  readonly #info: TcpInfo
  #at = 0
  #hasInfo = false

  constructor(buffer: MessageBuffer) {
    this.#buffer = buffer
    this.#info = new TcpInfo(buffer.words)
  }

  /** Moves to the record between these places of the buffer; says whether it is one. */
  moveTo(at: number, end: number): boolean {
    this.#at = at
    this.#hasInfo = false
    if (end - at < SOCKET_BYTES) return false
    for (let next = at + SOCKET_BYTES; next + 4 <= end; ) {
      const head = this.#buffer.words[next >> 2] as number
      const length = head & 0xffff
      if (length < 4 || next + length > end) return false
      if (head >>> 16 === INET_DIAG_INFO && length - 4 >= LEAST_INFO_BYTES) {
        this.#info.at = (next + 4) >> 2
        this.#hasInfo = true
      }
      next += (length + 3) & ~3
    }
    return TCP_STATES[this.#byte(1)] !== undefined && TCP_TIMERS[this.#byte(2)] !== undefined
  }

  get ipv6(): boolean {
    return this.#byte(0) !== AF_INET
  }

  get state(): TcpState {
    return TCP_STATES[this.#byte(1)] as TcpState
  }

  get timer(): TcpTimer {
    return TCP_TIMERS[this.#byte(2)] as TcpTimer
  }

  /** What its timer counts: retransmissions, or unanswered probes. */
  get retries(): number {
    return this.#byte(3)
  }

  /** Until the timer runs out; 0 without a timer, or where that is overdue. */
  get timerMs(): number {
    return Math.max(0, this.#word(13) | 0)
  }

  get localPort(): number {
    return bigEndian16(this.#buffer.bytes, this.#at + 4)
  }

  get remotePort(): number {
    return bigEndian16(this.#buffer.bytes, this.#at + 6)
  }

  /** Text, made when it is asked for; IPv4 also where it is mapped into IPv6. */
  get localAddress(): string {
    return this.#address(this.#at + 8)
  }

  get remoteAddress(): string {
    return this.#address(this.#at + 24)
  }

  /** The same number as in SocketFacts. */
  get cookie(): number {
    return socketCookie(this.#word(11), this.#word(12))
  }

  /** Bytes that the program has not read; of a listening socket, connections not yet accepted. */
  get rxQueue(): number {
    return this.#word(14)
  }

  /** Bytes that the peer has not acknowledged; of a listening socket, its backlog (/proc has 0). */
  get txQueue(): number {
    return this.#word(15)
  }

  get uid(): number {
    return this.#word(16)
  }

  /** 0 where no descriptor belongs to it. */
  get inode(): number {
    return this.#word(17)
  }

  /** Null where the kernel has none, as for TIME_WAIT. The same object for each record. */
  get info(): TcpInfo | null {
    return this.#hasInfo ? this.#info : null
  }

  /**
   * A sample of the idle time before the first probe (TCP_KEEPIDLE), which the kernel does not give
   * out: what the timer still has, and the silence so far. It is exact where nothing has come since
   * the timer was set, else less: just after an answered probe it is the interval. So the greatest
   * of several samples is the delay, or the interval where that is longer, and probes go out that
   * seldom then. Null where nothing can be told: another timer hides it, or probes are unanswered.
   */
  get keepaliveDelayMs(): number | null {
    if (this.timer !== 'keepalive' || this.retries > 0 || this.info === null) return null
    return this.timerMs + this.#info.silenceMs
  }

  #word(index: number): number {
    return this.#buffer.words[(this.#at >> 2) + index] as number
  }

  #byte(index: number): number {
    return this.#buffer.bytes[this.#at + index] as number
  }

  #address(at: number): string {
    const { bytes } = this.#buffer
    return this.ipv6 ? formatIpv6Bytes(bytes, at) : formatIpv4Bytes(bytes, at)
  }
}

/** How a reply went on: whether more messages follow, and how many records were not understood. */
export interface Reply {
  readonly more: boolean
  readonly records: number
  readonly skipped: number
}

/** An error that the kernel put into a reply, by its negative number. */
export type ReplyError = { readonly error: number }

/** Visits the sockets in the first `length` bytes of a buffer. Pure. */
export function parseReply(
  buffer: MessageBuffer,
  length: number,
  record: SocketRecord,
  visit: (record: SocketRecord) => void,
): Reading<Reply | ReplyError> {
  let records = 0
  let skipped = 0
  for (let at = 0; at < length; ) {
    const size = at + HEADER_BYTES <= length ? (buffer.words[at >> 2] as number) : 0
    const end = at + size
    if (size < HEADER_BYTES || end > length)
      return notKnown('a message of the kernel was cut short')
    const type = (buffer.words[(at >> 2) + 1] as number) & 0xffff
    const body = at + HEADER_BYTES
    if (type === NLMSG_DONE || type === NLMSG_ERROR) {
      const error = end - body >= 4 ? (buffer.words[body >> 2] as number) | 0 : 0
      const value = error < 0 ? { error } : { more: false, records, skipped }
      return { known: true, value }
    }
    if (type === SOCK_DIAG_BY_FAMILY && record.moveTo(body, end)) {
      records++
      visit(record)
    } else if (type !== NLMSG_NOOP) skipped++
    at += (size + 3) & ~3
  }
  return { known: true, value: { more: true, records, skipped } }
}
