import { formatIpv6Groups } from './ip-text'
import { TCP_STATES, TCP_TIMERS, type TcpState, type TcpTimer } from './tcp-states'

/** One line of /proc/net/tcp or tcp6, proc(5). */
export interface TcpSocket {
  /** IPv4 also where a socket of the table of IPv6 has mapped IPv4 addresses. */
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly state: TcpState
  readonly timer: TcpTimer
  /** Until the timer runs out, in steps of 10 ms; 0 without a timer. */
  readonly whenMs: number
  /** How often what is unacknowledged was sent again, since the peer last acknowledged anything new. */
  readonly retransmits: number
  /** Probes, of keepalive or of a closed window, since the peer last acknowledged anything. */
  readonly probes: number
  /** Bytes that the peer has not acknowledged. */
  readonly txQueue: number
  /** Bytes that the program has not read; of a listening socket, connections not yet accepted. */
  readonly rxQueue: number
  /** 0 where no descriptor belongs to it: TIME_WAIT, orphans, connections not yet accepted. */
  readonly inode: number
}

export interface TcpVisitor {
  /** Asked of every line; what is not wanted is not parsed further and costs no memory. */
  wanted(localPort: number, inode: number, state: TcpState): boolean
  /** May be called twice for a socket, and miss one, where connections come and go meanwhile. */
  visit(socket: TcpSocket): void
}

/** Parses one line; null for a header and for anything else that is not a socket. Pure. */
export function parseTcpLine(line: string): TcpSocket | null {
  const bytes = Buffer.from(line, 'latin1')
  let parsed: TcpSocket | null = null
  const visit = (socket: TcpSocket): void => {
    parsed = socket
  }
  const colon = bytes.indexOf(COLON)
  const width = bytes.indexOf(COLON, colon + 1) - colon - 2
  if (width !== 8 && width !== 32) return null
  new LineParser({ wanted: () => true, visit }).parse(bytes, 0, bytes.length, width)
  return parsed
}

const SPACE = 32
const COLON = 58
const DIGIT_0 = 48

/** The value of a hexadecimal digit, -1 for any other byte. */
const HEX = Int8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789ABCDEF'.indexOf(String.fromCharCode(byte).toUpperCase())
  return byte < 128 ? digit : -1
})

/**
 * Finds the columns by their fixed places behind the number of the line, which grows:
 * `%4d: %08X:%04X %08X:%04X %02X %08X:%08X %02X:%08lX %08X %5u %8d %lu`. The last four are what the
 * header calls retrnsmt, uid, timeout and inode: icsk_retransmits and icsk_probes_out of the kernel
 * are the first and the third.
 */
export class LineParser {
  readonly #visitor: TcpVisitor
  readonly #addresses = new Map<string, string>()

  constructor(visitor: TcpVisitor) {
    this.#visitor = visitor
  }

  /** Says whether the line was understood, as far as it was looked at. */
  parse(bytes: Buffer, start: number, end: number, width: number): boolean {
    const base = skipNumber(bytes, start, end) + 2
    const remote = base + width + 6
    const queues = remote + width + 9
    if (base < 2 || queues + 39 > end || !isLine(bytes, base, remote, queues)) return false
    const localPort = hex4(bytes, base + width + 1)
    const state = TCP_STATES[hex2(bytes, queues - 3)]
    const inode = decimalAfter(bytes, queues + 38, end, INODE)
    if (localPort < 0 || inode < 0 || state === undefined) return false
    if (!this.#visitor.wanted(localPort, inode, state)) return true
    const remotePort = hex4(bytes, remote + width + 1)
    const txQueue = hex8(bytes, queues)
    const rxQueue = hex8(bytes, queues + 9)
    const timer = TCP_TIMERS[hex2(bytes, queues + 18)]
    const when = hex8(bytes, queues + 21)
    const retransmits = hex8(bytes, queues + 30)
    const probes = decimalAfter(bytes, queues + 38, end, PROBES)
    if (remotePort < 0 || txQueue < 0 || rxQueue < 0 || timer === undefined) return false
    if (when < 0 || retransmits < 0 || probes < 0) return false
    const localAddress = this.#address(bytes, base, width)
    const remoteAddress = this.#address(bytes, remote, width)
    if (localAddress === '' || remoteAddress === '') return false
    this.#visitor.visit({
      localAddress,
      localPort,
      remoteAddress,
      remotePort,
      state,
      timer,
      // jiffies_to_clock_t(): hundredths of a second, whatever the kernel's own tick.
      whenMs: when * 10,
      retransmits,
      probes,
      txQueue,
      rxQueue,
      inode,
    })
    return true
  }

  /** Empty if there is a wrong digit. */
  #address(bytes: Buffer, at: number, width: number): string {
    const key = bytes.toString('latin1', at, at + width)
    let address = this.#addresses.get(key)
    if (address === undefined) {
      address = width === 8 ? formatIpv4(bytes, at) : formatIpv6(bytes, at)
      this.#addresses.set(key, address)
    }
    return address
  }
}

/** The place of the colon behind the number of the line; below 0 if there is none. */
function skipNumber(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] === SPACE) at++
  const digits = at
  while (at < end && isDigit(bytes[at])) at++
  return at > digits && at < end && bytes[at] === COLON ? at : -3
}

/** Whether what separates the columns is where it should be. */
function isLine(bytes: Buffer, base: number, remote: number, queues: number): boolean {
  return (
    bytes[base - 1] === SPACE &&
    bytes[remote - 6] === COLON &&
    bytes[remote - 1] === SPACE &&
    bytes[queues - 9] === COLON &&
    bytes[queues - 4] === SPACE &&
    bytes[queues - 1] === SPACE &&
    bytes[queues + 8] === COLON &&
    bytes[queues + 17] === SPACE &&
    bytes[queues + 20] === COLON &&
    bytes[queues + 29] === SPACE &&
    bytes[queues + 38] === SPACE
  )
}

/** Negative if a digit is wrong. */
function hex2(bytes: Buffer, at: number): number {
  return (digit(bytes, at) << 4) | digit(bytes, at + 1)
}

function hex4(bytes: Buffer, at: number): number {
  return (hex2(bytes, at) << 8) | hex2(bytes, at + 2)
}

function hex8(bytes: Buffer, at: number): number {
  const high = hex4(bytes, at)
  const low = hex4(bytes, at + 4)
  return high < 0 || low < 0 ? -1 : high * 65_536 + low
}

function digit(bytes: Buffer, at: number): number {
  return HEX[bytes[at] as number] as number
}

/**
 * The decimal number behind `columns` others, each behind spaces; -1 if there is none. A column always
 * follows: a number that ends the line may have been cut short.
 */
function decimalAfter(bytes: Buffer, start: number, end: number, columns: number): number {
  let at = start
  for (let column = 0; ; column++) {
    while (at < end && bytes[at] === SPACE) at++
    const digits = at
    let value = 0
    for (; at < end && isDigit(bytes[at]); at++)
      value = value * 10 + (bytes[at] as number) - DIGIT_0
    if (at === digits || at - digits > MAX_DIGITS || at === end || bytes[at] !== SPACE) return -1
    if (column === columns) return value
  }
}

/** How many decimal columns come before these two. */
const PROBES = 1
const INODE = 2

/** So many digits are always exact. */
const MAX_DIGITS = 15

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= DIGIT_0 && byte < DIGIT_0 + 10
}

/** One word in the byte order of the machine, which is little-endian wherever Node runs but s390x. */
function formatIpv4(bytes: Buffer, at: number): string {
  if (hex8(bytes, at) < 0) return ''
  const octets = [6, 4, 2, 0].map((offset) => hex2(bytes, at + offset))
  return octets.join('.')
}

/** Four words, each in the byte order of the machine. */
function formatIpv6(bytes: Buffer, at: number): string {
  const groups: number[] = []
  for (let word = at; word < at + 32; word += 8) {
    if (hex8(bytes, word) < 0) return ''
    groups.push((hex2(bytes, word + 6) << 8) | hex2(bytes, word + 4))
    groups.push((hex2(bytes, word + 2) << 8) | hex2(bytes, word))
  }
  return formatIpv6Groups(groups)
}
