import { uptimeMs } from '../process/clock'
import { type Pause, rest, Slices } from '../process/slices'
import type { CodedReading, ProcFile, ProcFs, Reading } from './proc-fs'

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

/** In the order of the numbers in the kernel's include/net/tcp_states.h. */
const STATES = [
  undefined,
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'close',
  'close-wait',
  'last-ack',
  'listen',
  'closing',
  'new-syn-received',
] as const

export type TcpState = NonNullable<(typeof STATES)[number]>

/**
 * What the kernel waits for, get_tcp4_sock() in net/ipv4/tcp_ipv4.c. `retransmit` and `zero-window`
 * hide whether keepalive is on.
 */
const TIMERS = ['none', 'retransmit', 'keepalive', 'time-wait', 'zero-window'] as const

export type TcpTimer = (typeof TIMERS)[number]

export interface TcpVisitor {
  /** Asked of every line; what is not wanted is not parsed further and costs no memory. */
  wanted(localPort: number, inode: number, state: TcpState): boolean
  /** May be called twice for a socket, and miss one, where connections come and go meanwhile. */
  visit(socket: TcpSocket): void
}

export interface TcpScan {
  /** Lines that were understood, wanted or not. */
  readonly lines: number
  /** Lines that were not. */
  readonly skipped: number
}

/** Each process sees the tables of its network namespace. */
export type Pid = number | 'self'

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

/**
 * Reads the whole table at once, for a command line: about 2 us of the kernel's time a socket, and
 * some milliseconds more on a machine with much memory. For a server there is scanTcpTable().
 */
export function readTcpTable(proc: ProcFs, pid: Pid, visitor: TcpVisitor): Reading<TcpScan> {
  const reader = new TableReader(visitor)
  for (const [name, width] of TABLES) {
    const file = openTable(proc, pid, name)
    if (file === null) continue
    if (!file.known) return unknown(file.why)
    try {
      reader.begin(width)
      for (let more = true; more; ) {
        const bytes = file.value.read(reader.buffer, reader.carried)
        if (!bytes.known) return unknown(bytes.why)
        more = reader.take(bytes.value)
      }
    } finally {
      file.value.close()
    }
  }
  return { known: true, value: reader.scan }
}

/**
 * Reads the same in slices of about 2 ms, between which the event loop runs. Does not keep the
 * program alive, but for one read: if the loop ends, the promise stays pending.
 */
export async function scanTcpTable(
  proc: ProcFs,
  pid: Pid,
  visitor: TcpVisitor,
  pause: Pause = rest,
): Promise<Reading<TcpScan>> {
  const reader = new TableReader(visitor)
  const slices = new Slices(pause)
  for (const [name, width] of TABLES) {
    const file = openTable(proc, pid, name)
    if (file === null) continue
    if (!file.known) return unknown(file.why)
    try {
      reader.begin(width)
      const read = createReader(file.value, slices)
      for (let more = true; more; ) {
        const reading = read(reader)
        const bytes = 'then' in reading ? await reading : reading
        if (!bytes.known) return unknown(bytes.why)
        more = reader.take(bytes.value)
        if (slices.over) await slices.next()
      }
    } finally {
      file.value.close()
    }
  }
  return { known: true, value: reader.scan }
}

/** Above this a read is long: most take 0.05 ms. */
const LONG_READ_MS = 1
/** After a long read, as many go through libuv's pool. */
const POOLED_READS = 8

/**
 * A read(2) returns one page of lines, but walks as much of the kernel's hash table as it takes to
 * find them: all of it, several milliseconds, where few or no sockets are of this kind or of this
 * network namespace. That cannot be cut, so a thread of the pool does the first read of a table and
 * those after a long one. It does not do all of them, because they hold the event loop open, and
 * cost a turn of it each.
 */
function createReader(
  file: ProcFile,
  slices: Slices,
): (reader: TableReader) => CodedReading<number> | Promise<CodedReading<number>> {
  let pooled = 1
  return (reader) => {
    if (pooled > 0) {
      pooled--
      return file.readInPool(reader.buffer, reader.carried).finally(() => slices.begin())
    }
    const before = uptimeMs()
    const bytes = file.read(reader.buffer, reader.carried)
    if (uptimeMs() - before > LONG_READ_MS) pooled = POOLED_READS
    return bytes
  }
}

/** The two tables, and how many hexadecimal digits an address has in each. */
const TABLES = [
  ['tcp', 8],
  ['tcp6', 32],
] as const

/** Null for a table of IPv6 that is missing, because IPv6 is switched off. */
function openTable(proc: ProcFs, pid: Pid, name: 'tcp' | 'tcp6'): CodedReading<ProcFile> | null {
  const file = proc.open(`${pid}/net/${name}`)
  return !file.known && file.code === 'ENOENT' && name === 'tcp6' ? null : file
}

function unknown(why: string): Reading<never> {
  return { known: false, why }
}

const BUFFER_BYTES = 65_536
/** The smallest page there is; others are multiples of it. */
const PAGE_BYTES = 4_096
/** What a line has besides its two addresses, if every number in it is as long as it can be. */
const COLUMNS_BYTES = 160

/** Cuts what is read into lines. */
class TableReader {
  /** To be filled from `carried` on. */
  readonly buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  /** Bytes of a line whose end has not been read yet. */
  carried = 0
  readonly #parser: LineParser
  #width = 0
  #first = true
  #lines = 0
  #skipped = 0

  constructor(visitor: TcpVisitor) {
    this.#parser = new LineParser(visitor)
  }

  get scan(): TcpScan {
    return { lines: this.#lines, skipped: this.#skipped }
  }

  /** A table of addresses of `width` digits comes next. */
  begin(width: number): void {
    this.#width = width
    this.#first = true
    this.carried = 0
  }

  /** Takes the bytes that were read; says whether there may be more. */
  take(bytes: number): boolean {
    const end = this.carried + bytes
    const room = BUFFER_BYTES - this.carried
    const filled = this.buffer.subarray(0, end)
    let start = 0
    for (;;) {
      const newline = filled.indexOf(NEWLINE, start)
      if (newline === -1) break
      this.#line(start, newline)
      start = newline + 1
    }
    this.carried = end - start
    const more = bytes > 0 && (bytes === room || !this.#leavesRoom(bytes))
    if (more && this.carried < BUFFER_BYTES - PAGE_BYTES) {
      this.buffer.copyWithin(0, start, end)
    } else if (this.carried > 0) {
      this.#line(start, end)
      this.carried = 0
    }
    return more
  }

  /**
   * The kernel fills a page with whole lines, so a page with room for one more is the last. To ask
   * again would make it walk its hash table twice from the start, to say that there is no more.
   */
  #leavesRoom(bytes: number): boolean {
    return PAGE_BYTES - (bytes % PAGE_BYTES) > COLUMNS_BYTES + 2 * this.#width
  }

  #line(start: number, end: number): void {
    const header = this.#first
    this.#first = false
    if (this.#parser.parse(this.buffer, start, end, this.#width)) this.#lines++
    else if (!header || !isHeader(this.buffer, start, end)) this.#skipped++
  }
}

/** The first line names the columns. */
function isHeader(bytes: Buffer, start: number, end: number): boolean {
  return bytes.toString('latin1', start, end).trimStart().startsWith('sl ')
}

const NEWLINE = 10
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
class LineParser {
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
    const state = STATES[hex2(bytes, queues - 3)]
    const inode = decimalAfter(bytes, queues + 38, end, INODE)
    if (localPort < 0 || inode < 0 || state === undefined) return false
    if (!this.#visitor.wanted(localPort, inode, state)) return true
    const remotePort = hex4(bytes, remote + width + 1)
    const txQueue = hex8(bytes, queues)
    const rxQueue = hex8(bytes, queues + 9)
    const timer = TIMERS[hex2(bytes, queues + 18)]
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

/** Four words, each in the byte order of the machine; written as in RFC 5952. */
function formatIpv6(bytes: Buffer, at: number): string {
  const groups: number[] = []
  for (let word = at; word < at + 32; word += 8) {
    if (hex8(bytes, word) < 0) return ''
    groups.push((hex2(bytes, word + 6) << 8) | hex2(bytes, word + 4))
    groups.push((hex2(bytes, word + 2) << 8) | hex2(bytes, word))
  }
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (mapped) return formatIpv4(bytes, at + 24)
  return compress(groups)
}

/** The longest run of two zero groups or more, the first of equals, becomes `::`. */
function compress(groups: readonly number[]): string {
  let from = 0
  let length = 0
  for (let at = 0; at < groups.length; at++) {
    let run = 0
    while (groups[at + run] === 0) run++
    if (run > length) {
      from = at
      length = run
    }
  }
  const text = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(':')
  if (length < 2) return text(groups)
  return `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`
}
