import type { MachineAudit } from '../../outside/outside-auditor'
import { groupSockets, type SocketGroup } from './rows'

/** So long is a change marked: a person looks away. */
const MARKED_MS = 5_000

/** Which lines of an audit are new, or have another number of connections than a moment ago. */
export class Changes {
  readonly #each: boolean
  #known: ReadonlyMap<string, { readonly count: number; readonly changedAt: number }> | null = null
  #now = 0

  constructor(each: boolean) {
    this.#each = each
  }

  /** Takes note of a look at `now`, in milliseconds of any clock. */
  see({ processes }: MachineAudit, now: number): void {
    const before = this.#known
    const known = new Map<string, { count: number; changedAt: number }>()
    for (const { pid, sockets } of processes) {
      for (const group of groupSockets(sockets, this.#each)) {
        const key = keyOf(pid, group)
        const last = before?.get(key)
        const same = before === null || last?.count === group.count
        const changedAt = same ? (last?.changedAt ?? Number.NEGATIVE_INFINITY) : now
        known.set(key, { count: group.count, changedAt })
      }
    }
    this.#known = known
    this.#now = now
  }

  isMarked(pid: number | null, group: SocketGroup): boolean {
    const changedAt = this.#known?.get(keyOf(pid, group))?.changedAt
    return changedAt !== undefined && this.#now - changedAt < MARKED_MS
  }
}

function keyOf(pid: number | null, { key }: SocketGroup): string {
  return `${pid} ${key}`
}
