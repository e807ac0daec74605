import { isLoopback } from '../connections/endpoint'
import { TimerHistory } from '../judge/timer-history'
import type { NativePart } from '../kernel/native'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import type { KeepaliveSysctls } from '../kernel/sysctl'
import { DescriptorReader } from './descriptor-reader'
import { type Descriptors, MachineLook } from './machine-look'
import { isInbound } from './namespace-table'
import { judgeSeen, type OutsideSocket } from './outside-socket'
import { type OwnRights, readOwnRights } from './own-rights'
import { aboutProcess, isKernelThread, nameOf, type ProcessAbout, uidOf } from './process-about'
import { type FoundSocket, processSockets } from './process-sockets'
import type { TableLine } from './table-line'
import { groupUnseen, type UnseenGroup, type UnseenProcess } from './unseen'

/** The outbound connections of one process in any language, seen from outside. */
export interface ProcessAudit extends ProcessAbout {
  /** Null: the processes of these connections are not seen. */
  readonly pid: number | null
  readonly sysctls: Reading<KeepaliveSysctls>
  readonly sockets: readonly OutsideSocket[]
  /** Lines of the table that could not be understood. */
  readonly skippedLines: number
  /** Sockets that are in no table. */
  readonly unplaced: number
  /** Why no descriptor could be duplicated; null where that was possible. */
  readonly refused: string | null
}

/** One look at some processes, or at all that this user may look into. */
export interface MachineAudit {
  /** How many processes were looked into, with connections or without. */
  readonly looked: number
  /** Those with connections; of named ones, all. */
  readonly processes: readonly ProcessAudit[]
  readonly unseen: readonly UnseenGroup[]
}

export interface OutsideOptions {
  /** After which the path forgets an idle connection. */
  readonly limitMs: number
  /** Null: none could be loaded, or it is not to be used. */
  readonly part: NativePart | null
  /** Whether connections within this machine count. */
  readonly loopback: boolean
}

/** Younger than a look may be: between the descriptors and the table it can come to be. */
const YOUNG_MS = 2_000

/** Looks at processes again and again, and remembers the timers of their connections. */
export class OutsideAuditor {
  readonly #proc: ProcFs
  readonly #options: OutsideOptions
  readonly #reader: DescriptorReader | null
  readonly rights: OwnRights
  #histories = new Map<number, TimerHistory>()

  constructor(proc: ProcFs, options: OutsideOptions) {
    this.#proc = proc
    this.#options = options
    this.#reader = options.part === null ? null : new DescriptorReader(options.part)
    this.rights = readOwnRights(proc)
  }

  /** Every process that this user can see, but for threads of the kernel. */
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

  /** One look at these processes. With `all`, connections that belong to none of them count too. */
  look(pids: readonly number[], all: boolean): MachineAudit {
    const look = new MachineLook(this.#proc, this.#options.part)
    const open: Descriptors[] = []
    const unseen: UnseenProcess[] = []
    for (const pid of pids) {
      const descriptors = look.descriptors(pid)
      if (descriptors.known) open.push(descriptors.value)
      else if (this.exists(pid) && !isKernelThread(this.#proc, pid)) {
        const [name, uid] = [nameOf(this.#proc, pid), uidOf(this.#proc, pid)]
        unseen.push({ pid, name, uid, why: descriptors.why })
      }
    }
    const seen = new Map<number, TimerHistory>()
    const processes = open.flatMap((one) => {
      const audit = this.#audit(one, look, seen, all)
      if (audit.known) return [audit.value]
      if (this.exists(one.pid)) {
        const [name, uid] = [nameOf(this.#proc, one.pid), uidOf(this.#proc, one.pid)]
        unseen.push({ pid: one.pid, name, uid, why: audit.why })
      }
      return []
    })
    const unowned = all ? this.#unowned(open, look, seen) : null
    this.#histories = seen
    return {
      looked: processes.length,
      processes: [...processes, ...(unowned === null ? [] : [unowned])].filter(
        ({ sockets, unplaced }) => !all || sockets.length > 0 || unplaced > 0,
      ),
      unseen: groupUnseen(unseen, this.rights, unowned?.sockets.length ?? 0),
    }
  }

  #audit(
    descriptors: Descriptors,
    look: MachineLook,
    seen: Map<number, TimerHistory>,
    all: boolean,
  ): Reading<ProcessAudit> {
    const { pid, fds } = descriptors
    // Most processes of a machine have no socket.
    if (fds.size === 0) return { known: true, value: this.#withoutSockets(pid, all) }
    const table = look.tableOf(descriptors)
    if (!table.known) return table
    const found = processSockets(this.#proc, descriptors, table.value, this.#reader)
    const sockets = found.sockets.filter((socket) => this.#counts(socket))
    if (sockets.length === 0 && found.unplaced === 0) {
      return { known: true, value: this.#withoutSockets(pid, all) }
    }
    return {
      known: true,
      value: {
        pid,
        ...aboutProcess(this.#proc, pid),
        sysctls: look.sysctlsOf(descriptors),
        sockets: sockets.map((socket) => this.#judge(socket, seen)),
        skippedLines: table.value.skipped,
        unplaced: found.unplaced,
        refused: found.refused,
      },
    }
  }

  /** One of many is not asked who it is. */
  #withoutSockets(pid: number, all: boolean): ProcessAudit {
    const about = all ? NOBODY : aboutProcess(this.#proc, pid)
    const sysctls = { known: false, why: 'it has no connection' } as const
    const rest = { sockets: [], skippedLines: 0, unplaced: 0, refused: null }
    return { ...about, pid, sysctls, ...rest }
  }

  #counts({ remote }: TableLine): boolean {
    return this.#options.loopback || !isLoopback(remote.address)
  }

  /** Connections of this network namespace whose processes are not among those that were seen. */
  #unowned(
    open: readonly Descriptors[],
    look: MachineLook,
    seen: Map<number, TimerHistory>,
  ): ProcessAudit | null {
    const table = look.ownTable()
    if (!table.known || table.value.source === 'proc') return null
    const owned = new Set(open.flatMap(({ fds }) => [...fds.keys()]))
    const sockets = [...table.value.lines.values()]
      .filter((line) => !owned.has(line.inode) && !isInbound(line, table.value))
      .filter((line) => this.#counts(line))
      .filter(({ times }) => times !== null && Math.min(...Object.values(times)) >= YOUNG_MS)
      .map((line) => ({ ...line, fds: [], options: null, source: table.value.source }))
    if (sockets.length === 0) return null
    return {
      ...NOBODY,
      sysctls: { known: false, why: 'its process is not seen' },
      sockets: sockets.map((socket) => this.#judge(socket, seen)),
      skippedLines: 0,
      unplaced: 0,
      refused: null,
    }
  }

  /** How old a connection is cannot be seen: a process may have inherited or received it. */
  #judge(socket: FoundSocket, seen: Map<number, TimerHistory>): OutsideSocket {
    const { word, inode } = socket
    const history = this.#histories.get(inode) ?? new TimerHistory()
    if (!seen.has(inode)) history.see(word, performance.now())
    seen.set(inode, history)
    const { longestDelayMs } = history
    // The timer's history bounds what the delay can exceed the time left by, as an age would.
    const beyondMs = longestDelayMs === null ? null : longestDelayMs - (word.nextTimerMs ?? 0)
    return { ...socket, judged: judgeSeen(socket, this.#options.limitMs, beyondMs) }
  }
}

const NOBODY = {
  pid: null,
  command: '',
  uid: null,
  ageMs: null,
  container: null,
  pod: null,
  node: null,
  hook: null,
}
