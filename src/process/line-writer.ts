import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import type { Later } from './later'

/** More lines than that wait for no reader. */
const MAX_WAITING = 32

const FIRST_RETRY_MS = 50
const MAX_RETRIES = 8

/** The pipe is full, or the process has no descriptor left to open it with. */
const PASSING = new Set<unknown>(['EAGAIN', 'EMFILE', 'ENFILE'])

/** How long the last line of a process may take. */
const LAST_LINE_MS = 250

/**
 * Writes lines on a descriptor, whole and in order, without ever waiting for whoever reads them: what
 * does not go through is tried again for some seconds, and then lines are dropped, and counted. Up to
 * 4,096 bytes go into a pipe whole or not at all (PIPE_BUF, pipe(7)), whoever else writes there.
 */
export class LineWriter {
  readonly #descriptor: number
  readonly #later: Later
  #waiting: Buffer[] = []
  /** How much of the first line has been written: not all descriptors take a line as one. */
  #written = 0
  #retries = 0
  #isTimed = false
  /** Lines that nobody got. */
  dropped = 0

  constructor(descriptor: number, later: Later) {
    this.#descriptor = descriptor
    this.#later = later
  }

  /** Says whether the line is written, or waits for that. */
  write(line: string): boolean {
    if (this.#waiting.length >= MAX_WAITING) {
      this.dropped++
      return false
    }
    this.#waiting.push(Buffer.from(`${line}\n`))
    if (!this.#isTimed) this.#flush()
    return true
  }

  /** For a process that ends: holds it for a quarter of a second at the most. */
  writeNow(line: string): void {
    this.write(line)
    const until = Date.now() + LAST_LINE_MS
    while (this.#waiting.length > 0 && Date.now() < until) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
      this.#flush()
    }
  }

  #flush(): void {
    try {
      this.#writeWaiting()
      this.#retries = 0
    } catch (error) {
      if (PASSING.has((error as NodeJS.ErrnoException).code)) this.#retry()
      else this.#drop(0)
    }
  }

  #writeWaiting(): void {
    const { descriptor, close } = openWithoutWaiting(this.#descriptor)
    try {
      for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
        this.#written += writeSync(descriptor, line, this.#written)
        if (this.#written < line.length) continue
        this.#waiting.shift()
        this.#written = 0
      }
    } finally {
      close()
    }
  }

  #retry(): void {
    if (this.#isTimed) return
    if (this.#retries >= MAX_RETRIES) {
      // What has been begun is to be ended, if ever anybody reads again.
      this.#drop(this.#written > 0 ? 1 : 0)
      this.#retries = 0
      return
    }
    this.#isTimed = true
    this.#later(
      () => {
        this.#isTimed = false
        this.#flush()
      },
      FIRST_RETRY_MS * 2 ** this.#retries++,
    )
  }

  #drop(kept: number): void {
    this.dropped += this.#waiting.length - kept
    this.#waiting.length = kept
    if (kept === 0) this.#written = 0
  }
}

/**
 * A pipe is opened anew, because whether a write waits is a property of the open file, which this
 * process shares with others. It is closed again, for a pipe ends when nobody has it open.
 */
function openWithoutWaiting(descriptor: number): { descriptor: number; close: () => void } {
  try {
    if (process.platform === 'linux' && fstatSync(descriptor).isFIFO()) {
      const flags = constants.O_WRONLY | constants.O_NONBLOCK
      const own = openSync(`/proc/self/fd/${descriptor}`, flags)
      return { descriptor: own, close: () => closeSync(own) }
    }
  } catch (error) {
    if (PASSING.has((error as NodeJS.ErrnoException).code)) throw error
    // Not allowed to: then as the program itself would write.
  }
  return { descriptor, close: () => {} }
}
