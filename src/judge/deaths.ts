import type { ClientTimer } from '../connections/client-timer'
import type { End } from '../connections/ending'
import type { Opener } from '../connections/opener'
import type { Decision } from '../connections/policy'
import type { WaitingRequest } from '../connections/waiting-request'
import type { Config } from '../settings/config'
import type { Profile } from '../settings/profile'
import { unkeptBy } from '../settings/unkept'
import type { Recurrence } from './idle-ages'
import { groupKey } from './idle-groups'

/** The end of a connection that had been idle. */
export interface Death {
  readonly destination: string
  readonly opener: Opener
  readonly end: End
  /** The code of the error, where there was one. */
  readonly code: string | null
  /** Idle for so long before, at the least and at the most. */
  readonly minIdleMs: number
  readonly maxIdleMs: number
  /** Whether the end may be the answer to something that was sent after that time. */
  readonly sent: boolean
  readonly decision: Decision
  /** When the first probe would have come, in milliseconds of idle time; null: never, or not known. */
  readonly firstProbeMs: number | null
  /** Whether something waited for an answer. */
  readonly waits: boolean
  /** The request that waited, as far as its client tells. */
  readonly request: WaitingRequest | null
  /** The timer of the client that gave it up, null where none did. */
  readonly timer: ClientTimer | null
  /** For how long of that time the process stood still, at the least; 0 where that is not known. */
  readonly stillMs: number
  /** How often connections to the destination ended after that idle time; null where that is not known. */
  readonly recurs: Recurrence | null
}

/** An idle limit that a death fits, and the middleboxes that have it; none: it was configured here. */
export interface Fit {
  readonly limitMs: number
  readonly middleboxes: readonly string[]
}

const MOST_FITS = 3

/** What an explanation needs of the settings. */
export type Path = Pick<Config, 'limitMs' | 'profile'>

/** What explains a death: the code of its finding, and the idle limits that had passed. */
export interface Explanation {
  readonly code: 'NKA301' | 'NKA302' | 'NKA303'
  readonly fits: readonly Fit[]
}

/** Ends that come from the other side, as opposed to the program and to the kernel's own patience. */
const BY_THE_PEER: readonly End[] = ['reset', 'broken-pipe', 'hang-up']

/**
 * Explains a death, on evidence only; null where none is told.
 *
 * NKA301, a middlebox of layer 4: it forgets silently, and resets at the most. So nothing kept the
 * connection alive in time, the idle time is that long, and it did not end in good order.
 *
 * NKA302, keepalive itself: the kernel gives a connection up whose probes nobody answers. It says so
 * with ETIMEDOUT, and nothing was sent, which it would have sent again for much longer.
 *
 * NKA303, the peer or something of layer 7 before it, which probes do not reset: it closed the
 * connection while something waited on it, after it had been idle for long.
 *
 * So is a standstill of the process that made up most of the idle time: what was written first
 * after it met a connection that had ended meanwhile, or a timer of the client ran out in it. And so is
 * a keep-alive of the peer that is shorter than what counts as long, where the idle time recurs.
 *
 * Where keepalive was in time and a timer of the client ended the wait, that timer is NKA303 too: it
 * knows no probes. What the program ended for a reason of its own is neither. Pure.
 */
export function explain(
  death: Idle & Pick<Death, 'end' | 'sent' | 'waits' | 'firstProbeMs' | 'stillMs' | 'recurs'>,
  path: Path,
  table: readonly Profile[] = theTable(),
): Explanation | null {
  const { end, sent, waits, maxIdleMs } = death
  if (end === 'aborted') return null
  if (isOfStandstill(death)) return { code: 'NKA303', fits: [] }
  if (end === 'timed-out' && !sent && isProtected(death, path.limitMs)) {
    return { code: 'NKA302', fits: [] }
  }
  if (end !== 'hang-up' && (!isProtected(death, path.limitMs) || unkeptBy(path) !== null)) {
    const fits = layer4Limits(death, path, table)
    if (fits !== null) return { code: 'NKA301', fits }
  }
  if (!waits || (end !== 'given-up' && !BY_THE_PEER.includes(end))) return null
  const isLong = maxIdleMs >= Math.min(path.limitMs, shortestOfLayer7(table))
  if (!isLong && (end === 'given-up' || death.recurs === null)) return null
  if (end === 'given-up') return { code: 'NKA303', fits: [] }
  return { code: 'NKA303', fits: layer7Limits(death, table) }
}

/**
 * Loaded at the first death: programs in which no connection dies do not pay for it. Without it, where
 * the package was taken away meanwhile, the limit that is set is still known.
 */
function theTable(): readonly Profile[] {
  try {
    const { profiles } = require('../settings/profiles') as typeof import('../settings/profiles')
    return profiles
  } catch {
    return []
  }
}

type Idle = Pick<Death, 'minIdleMs' | 'maxIdleMs'>

/** Whether it was the process that stood still, for most of the idle time. */
export function isOfStandstill({
  end,
  sent,
  maxIdleMs,
  stillMs,
}: Pick<Death, 'end' | 'sent' | 'maxIdleMs' | 'stillMs'>): boolean {
  if (end === 'aborted' || stillMs === 0 || stillMs * 2 < maxIdleMs) return false
  return sent || end === 'given-up'
}

/**
 * The one that was configured or chosen by a profile first, then those that had just passed. None where
 * it was idle for so much longer that any could be it; null where no limit had passed.
 */
function layer4Limits(idle: Idle, path: Path, table: readonly Profile[]): Fit[] | null {
  const byLimit = limitsOf(table, 4)
  const isOwn = path.profile !== null || !byLimit.has(path.limitMs)
  if (!byLimit.has(path.limitMs)) byLimit.set(path.limitMs, [])
  const chosen = (limitMs: number) => (isOwn && limitMs === path.limitMs ? 1 : 0)
  const passed = fitting(byLimit, ({ limitMs }) => limitMs <= idle.maxIdleMs)
  if (passed.length === 0) return null
  return passed
    .filter((fit) => chosen(fit.limitMs) === 1 || isNear(fit, idle))
    .sort((a, b) => chosen(b.limitMs) - chosen(a.limitMs))
    .slice(0, MOST_FITS)
}

/** Those that had just passed: who enforces one does not wait for longer. */
function layer7Limits(idle: Idle, table: readonly Profile[]): Fit[] {
  return fitting(limitsOf(table, 7), (fit) => isNear(fit, idle)).slice(0, MOST_FITS)
}

function isNear({ limitMs }: Fit, { minIdleMs, maxIdleMs }: Idle): boolean {
  return limitMs <= maxIdleMs && minIdleMs <= limitMs * 1.1
}

function shortestOfLayer7(table: readonly Profile[]): number {
  return Math.min(...limitsOf(table, 7).keys())
}

function limitsOf(table: readonly Profile[], layer: 4 | 7): Map<number, string[]> {
  const byLimit = new Map<number, string[]>()
  for (const profile of table) {
    // Where probes do not count, it is not for want of them that a connection died.
    if (profile.layer !== layer || (layer === 4 && profile.probes !== 'count')) continue
    const limitMs = profile.limitSeconds * 1_000
    byLimit.set(limitMs, [...(byLimit.get(limitMs) ?? []), profile.name])
  }
  return byLimit
}

/** The nearest limit first. */
function fitting(byLimit: ReadonlyMap<number, string[]>, fits: (fit: Fit) => boolean): Fit[] {
  return [...byLimit]
    .map(([limitMs, middleboxes]) => ({ limitMs, middleboxes }))
    .filter(fits)
    .sort((a, b) => b.limitMs - a.limitMs)
}

/** Whether the first probe comes before the limit. */
export function isProtected(
  { firstProbeMs }: Pick<Death, 'firstProbeMs'>,
  limitMs: number,
): boolean {
  return firstProbeMs !== null && firstProbeMs < limitMs
}

/** A probe is answered within that. */
const PROBE_WITHIN_MS = 1_000

/**
 * Whether a reset may be the answer to the first probe: nothing else was sent, and it came at that time,
 * as far as the looks know it.
 */
export function answersProbe({
  end,
  sent,
  firstProbeMs,
  minIdleMs,
  maxIdleMs,
}: Pick<Death, 'end' | 'sent' | 'firstProbeMs' | 'minIdleMs' | 'maxIdleMs'>): boolean {
  if (end !== 'reset' || sent || firstProbeMs === null) return false
  const isThen = maxIdleMs >= firstProbeMs && minIdleMs <= firstProbeMs + PROBE_WITHIN_MS
  return isThen && minIdleMs * 2 >= maxIdleMs
}

/** Deaths of one destination, opening place and kind: one warning. */
export interface DeathGroup extends Explanation {
  readonly deaths: readonly Death[]
}

/** Groups the deaths of one look that can be explained. Pure. */
export function groupDeaths(deaths: Iterable<Death>, path: Path): DeathGroup[] {
  const groups = new Map<string, Explanation & { deaths: Death[] }>()
  for (const death of deaths) {
    const explained = explain(death, path)
    if (explained === null) continue
    const limits = explained.fits.map(({ limitMs }) => limitMs)
    const { end, sent, destination, opener, timer } = death
    const kind = [
      explained.code,
      end,
      sent,
      timer?.kind,
      isProtected(death, path.limitMs),
      isOfStandstill(death),
      answersProbe(death),
      death.recurs !== null,
      limits,
    ]
    const key = `${JSON.stringify(kind)} ${groupKey(destination, opener)}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { ...explained, deaths: [death] })
    else group.deaths.push(death)
  }
  return [...groups.values()]
}
