import type { Opener } from '../connections/opener'
import type { KernelWord } from '../kernel/kernel-word'
import { groupKey } from './idle-groups'
import { giveUpMs, type Schedule, SENT_AGAIN } from './verdict'

/** What nobody answers on a connection, and for how long. */
export interface Silence {
  readonly what: 'probes' | 'data'
  /** How many probes, or bytes. */
  readonly count: number
  readonly sinceMs: number
  /** Until the kernel gives the connection up; null: not known. */
  readonly endMs: number | null
}

/** What a verdict of silence needs. */
export interface Quiet {
  readonly word: KernelWord
  readonly schedule: Schedule
  /** Since bytes moved. */
  readonly idleMs: number
}

/** Probes that were lost by accident are not so many in a row. */
const INTERVALS = 3
/** What takes longer to be acknowledged is more than a crowded path. */
const UNACKNOWLEDGED_MS = 30_000

/** After which idle time a connection with this schedule may be silent at the earliest. Pure. */
export function quietAfterMs(delayMs: number, intervalMs: number): number {
  return Math.min(UNACKNOWLEDGED_MS, delayMs + INTERVALS * intervalMs)
}

/** What has gone unanswered on a connection for so long that it is dying; null: nothing. Pure. */
export function silenceOf({ word, schedule, idleMs }: Quiet): Silence | null {
  const { armed, unackedBytes, retransmits, lastAnswerMs } = word
  const probes = word.unansweredProbes ?? 0
  if (armed === true && probes > 0) {
    const { delayMs, intervalMs } = schedule
    if (intervalMs === null) return null
    // The first one went out when the delay had passed since the last answer.
    const sinceMs =
      lastAnswerMs !== null && delayMs !== null
        ? lastAnswerMs - delayMs
        : (probes - 1) * intervalMs + (intervalMs - (word.nextTimerMs ?? intervalMs))
    if (sinceMs < INTERVALS * intervalMs || probes < INTERVALS) return null
    return { what: 'probes', count: probes, sinceMs, endMs: giveUpMs({ word, schedule }) }
  }
  if (armed !== null || !unackedBytes || (retransmits ?? 0) < SENT_AGAIN) return null
  if (idleMs < UNACKNOWLEDGED_MS) return null
  return { what: 'data', count: unackedBytes, sinceMs: idleMs, endMs: null }
}

/** A connection that is dying. */
export interface DyingSocket {
  readonly destination: string
  readonly opener: Opener
  readonly silence: Silence
}

/** Dying connections to one destination that were opened at one place: one warning. */
export interface DyingGroup<S extends DyingSocket = DyingSocket> {
  readonly destination: string
  readonly opener: Opener
  readonly sockets: readonly S[]
}

/** Groups them, and picks those to tell of: an episode lasts while one of a group is dying. Pure. */
export function auditDying<S extends DyingSocket>(
  dying: Iterable<S>,
  told: ReadonlySet<string>,
): { tell: DyingGroup<S>[]; told: ReadonlySet<string> } {
  const groups = new Map<string, { destination: string; opener: Opener; sockets: S[] }>()
  for (const socket of dying) {
    const { destination, opener } = socket
    const key = groupKey(destination, opener)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { destination, opener, sockets: [socket] })
    else group.sockets.push(socket)
  }
  const tell = [...groups].filter(([key]) => !told.has(key)).map(([, group]) => group)
  return { tell, told: new Set(groups.keys()) }
}

/** What other connections to the same destination say about the path. */
export type Witness = 'probes-answered' | 'data-answered' | 'none'
