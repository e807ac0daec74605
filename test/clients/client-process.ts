import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { childOf } from '../../src/lab/child-of'

const program = join(__dirname, 'client.cjs')
const GRACE_MS = 5_000
const BEAT_MS = 50

interface Message {
  /** How many answers are waited for. */
  readonly waiting?: number
  /** Whose answer is there. */
  readonly answered?: string
  readonly failed?: string
}

/** A run of client.cjs, and what it says. */
export class ClientProcess {
  /** What the library complained of. */
  readonly failures: string[] = []
  /** How many answers are waited for in all; null until all requests are under way. */
  waiting: number | null = null
  /** The targets whose answer is there, and since when. */
  readonly answered = new Map<string, number>()
  stderr = ''
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #closed: Promise<unknown>
  #pid: number | null = null
  #ended = false

  /** `start` makes a command line of the arguments for node. */
  constructor(start: (args: readonly string[]) => string[], argument: unknown) {
    const [command = '', ...args] = start([program, JSON.stringify(argument)])
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#closed = once(this.#child, 'close').then(() => {
      this.#ended = true
    })
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    let rest = ''
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#hear(JSON.parse(line))
    })
  }

  /** Its process, which is not the one that was spawned. */
  get pid(): number {
    this.#pid ??= childOf(this.#child.pid as number)
    if (this.#pid === null) throw new Error('The client has ended.')
    return this.#pid
  }

  /** Resolves once `isThere()` gives something, with that. Throws where it is not there in time. */
  async until<T>(what: string, timeoutMs: number, isThere: () => T): Promise<NonNullable<T>> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const found = isThere()
      if (found) return found
      if (this.#ended) throw new Error(`The client ended before ${what}.`)
      if (Date.now() > deadline) throw new Error(`There was no ${what} in ${timeoutMs / 1_000} s.`)
      await sleep(BEAT_MS)
    }
  }

  async end(): Promise<void> {
    this.#child.stdin.end()
    const late = setTimeout(() => this.#kill(), GRACE_MS)
    await this.#closed
    clearTimeout(late)
  }

  #kill(): void {
    try {
      process.kill(this.pid, 'SIGKILL')
    } catch {
      this.#child.kill('SIGKILL')
    }
  }

  #hear({ waiting, answered, failed }: Message): void {
    if (waiting !== undefined) this.waiting = waiting
    if (answered !== undefined) this.answered.set(answered, Date.now())
    if (failed !== undefined) this.failures.push(failed)
  }
}
