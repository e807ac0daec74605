import { uptimeMs } from '../process/clock'
import type { Steps } from '../process/steps'
import { type CodedReading, notKnown, type ProcFile, type ProcFs, type Reading } from './proc-fs'
import { LineParser, type TcpVisitor } from './tcp-line'

export interface TcpScan {
  /** Lines that were understood, wanted or not. */
  readonly lines: number
  /** Lines that were not. */
  readonly skipped: number
}

/** Each process sees the tables of its network namespace. */
export type Pid = number | 'self'

/**
 * Reads the whole table: about 2 us of the kernel's time a socket, and some milliseconds more on a
 * machine with much memory.
 */
export function* tcpTable(proc: ProcFs, pid: Pid, visitor: TcpVisitor): Steps<Reading<TcpScan>> {
  const reader = new TableReader(visitor)
  for (const [name, width] of TABLES) {
    const file = openTable(proc, pid, name)
    if (file === null) continue
    if (!file.known) return notKnown(file.why)
    try {
      reader.begin(width)
      for (let pooled = 1, more = true; more; ) {
        let bytes: CodedReading<number> | undefined
        if ((yield) && pooled > 0) {
          pooled--
          yield file.value.readInPool(reader.buffer, reader.carried).then((read) => {
            bytes = read
          })
        } else {
          const before = uptimeMs()
          bytes = file.value.read(reader.buffer, reader.carried)
          if (uptimeMs() - before > LONG_READ_MS) pooled = POOLED_READS
        }
        if (bytes === undefined) return notKnown(`${name} was not read`)
        if (!bytes.known) return notKnown(bytes.why)
        more = reader.take(bytes.value)
      }
    } finally {
      file.value.close()
    }
  }
  return { known: true, value: reader.scan }
}

/**
 * A read(2) returns one page of lines, but walks as much of the kernel's hash table as it takes to
 * find them: all of it, several milliseconds, where few or no sockets are of this kind or of this
 * network namespace. That cannot be cut, so whoever works in slices has a thread of libuv's pool do
 * the first read of a table, and as many as POOLED_READS after a long one (most take 0.05 ms). It
 * does not do all of them, because they hold the event loop open, and cost a turn of it each.
 */
const LONG_READ_MS = 1
const POOLED_READS = 8

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
