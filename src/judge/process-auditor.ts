import type { ProcFs, Reading } from '../kernel/proc-fs'
import { type KeepaliveSysctls, readKeepaliveSysctls } from '../kernel/sysctl'
import { printable } from '../process/printable'
import { atOnce } from '../process/steps'
import { commandOf } from './command-of'
import type { JudgedForeign } from './native-groups'
import { type ForeignSocket, foreignSockets } from './native-sockets'
import { TimerHistory } from './timer-history'
import { judge, UNKNOWN_SCHEDULE } from './verdict'

/** The outbound connections of one process in any language, seen from outside. */
export interface ProcessAudit {
  readonly pid: number
  /** What runs: the program, and the file that it was given first. Other arguments can hold secrets. */
  readonly command: string
  /** Since it was started, in milliseconds; null where that is not known. */
  readonly ageMs: number | null
  readonly sysctls: Reading<KeepaliveSysctls>
  readonly sockets: readonly JudgedForeign[]
  /** Lines of the table that could not be understood. */
  readonly skippedLines: number
}

/** Looks at processes again and again, and remembers the timers of their connections. */
export class ProcessAuditor {
  readonly #proc: ProcFs
  readonly #limitMs: number
  readonly #histories = new Map<number, ReadonlyMap<number, TimerHistory>>()

  constructor(proc: ProcFs, limitMs: number) {
    this.#proc = proc
    this.#limitMs = limitMs
  }

  /** The processes whose descriptors this user may read. */
  pids(): Reading<number[]> {
    const folder = this.#proc.openFolder('')
    if (!folder.known) return folder
    const pids: number[] = []
    try {
      for (;;) {
        const name = folder.value.next()
        if (!name.known) return name
        if (name.value === null) break
        if (/^[1-9]\d*$/.test(name.value)) pids.push(Number(name.value))
      }
    } finally {
      folder.value.close()
    }
    return { known: true, value: pids.sort((a, b) => a - b) }
  }

  /** Whether there is such a process, as far as this user can see. */
  exists(pid: number): boolean {
    return this.#proc.read(`${pid}/stat`).known
  }

  /** One look at the connections of a process. */
  look(pid: number): Reading<ProcessAudit> {
    const scan = atOnce(foreignSockets(this.#proc, pid, new Set()))
    if (!scan.known) return scan
    const ageMs = this.#ageOf(pid)
    const now = performance.now()
    const before = this.#histories.get(pid)
    const seen = new Map<number, TimerHistory>()
    const sockets = scan.value.sockets.map((socket) => {
      const history = before?.get(socket.inode) ?? new TimerHistory()
      history.see(socket.word, now)
      seen.set(socket.inode, history)
      return this.#judge(socket, history)
    })
    this.#histories.set(pid, seen)
    return {
      known: true,
      value: {
        pid,
        command: this.#commandOf(pid),
        ageMs,
        sysctls: this.#sysctlsOf(pid),
        sockets,
        skippedLines: scan.value.skipped,
      },
    }
  }

  /** How old a connection is cannot be seen: a process may have inherited or received it. */
  #judge(socket: ForeignSocket, { longestDelayMs }: TimerHistory): JudgedForeign {
    const { word } = socket
    // The timer's history bounds what the delay can exceed the time left by, as an age would.
    const beyondMs = longestDelayMs === null ? null : longestDelayMs - (word.nextTimerMs ?? 0)
    const limitMs = this.#limitMs
    const judged = judge({ word, ageMs: beyondMs, schedule: UNKNOWN_SCHEDULE, limitMs })
    return { ...socket, judged, holder: null, options: null }
  }

  /** The sysctls of a network namespace can only be read from within it. */
  #sysctlsOf(pid: number): Reading<KeepaliveSysctls> {
    const [theirs, ours] = [this.#proc.link(`${pid}/ns/net`), this.#proc.link('self/ns/net')]
    if (theirs.known && ours.known && theirs.value !== ours.value) {
      return { known: false, why: `process ${pid} is in another network namespace` }
    }
    return readKeepaliveSysctls(this.#proc)
  }

  #commandOf(pid: number): string {
    const line = this.#proc.read(`${pid}/cmdline`)
    if (!line.known) return ''
    // /proc is read byte by byte.
    const argv = Buffer.from(line.value, 'latin1').toString().split('\0')
    const { name, script } = commandOf(argv)
    const folder = script?.startsWith('/') ? 'root' : 'cwd'
    const shown = script !== null && this.#proc.isFile(`${pid}/${folder}/${script}`)
    return printable(shown ? `${name} ${script}` : name, 60)
  }

  #ageOf(pid: number): number | null {
    const [stat, uptime] = [this.#proc.read(`${pid}/stat`), this.#proc.read('uptime')]
    if (!stat.known || !uptime.known) return null
    // proc(5): the name, which can hold anything, is in brackets; starttime is the 22nd field.
    const fields = stat.value.slice(stat.value.lastIndexOf(')') + 2).split(' ')
    const startedAt = Number(fields[19]) / CLOCK_TICKS
    const age = Number.parseFloat(uptime.value) - startedAt
    return Number.isFinite(age) && age >= 0 ? Math.round(age * 1_000) : null
  }
}

/** USER_HZ, which is 100 on every architecture that Node runs on. */
const CLOCK_TICKS = 100
