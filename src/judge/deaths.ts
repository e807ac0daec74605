import type { Opener } from '../connections/opener'
import type { Decision } from '../connections/policy'
import type { WaitingRequest } from '../connections/waiting-request'
import type { Config } from '../settings/config'
import { type Profile, profiles } from '../settings/profiles'
import { groupKey } from './idle-groups'

/** How a connection ended that had been idle. */
export type End = 'reset' | 'timed-out' | 'broken-pipe' | 'hang-up' | 'given-up'

export interface Death {
  readonly destination: string
  readonly opener: Opener
  readonly end: End
  /** The code of the error, where there was one. */
  readonly code: string | null
  /** Idle for so long before, at the least and at the most. */
  readonly minIdleMs: number
  readonly maxIdleMs: number
  readonly decision: Decision
  readonly request: WaitingRequest | null
}

/** What a closed socket shows of its end. */
export interface Remains {
  /** `socket.errored`. */
  readonly error: unknown
  /** Whether the peer had closed its side. */
  readonly peerEnded: boolean
  /** Whether a request was waiting for its answer. */
  readonly waiting: boolean
}

const ENDS: Readonly<Record<string, End>> = {
  ECONNRESET: 'reset',
  ETIMEDOUT: 'timed-out',
  EPIPE: 'broken-pipe',
}

/**
 * How a socket ended; null where nothing was lost: closed in good order, or by the program while
 * nothing waited. Pure.
 */
export function endOf({ error, peerEnded, waiting }: Remains): {
  end: End
  code: string | null
} | null {
  const code = (error as { code?: unknown } | null)?.code
  const known = typeof code === 'string' && Object.hasOwn(ENDS, code) ? ENDS[code] : undefined
  if (known !== undefined) return { end: known, code: code as string }
  if (!waiting) return null
  return {
    end: peerEnded && !error ? 'hang-up' : 'given-up',
    code: typeof code === 'string' ? code : null,
  }
}

/** An idle limit that a death fits, and the middleboxes that have it; none: it was configured here. */
export interface Fit {
  readonly limitMs: number
  readonly middleboxes: readonly string[]
}

const MOST_FITS = 3

/** What `fits` needs of the settings. */
export type Path = Pick<Config, 'limitMs' | 'profile'>

/** How a middlebox of layer 7 ends a connection, as opposed to the program or the kernel. */
const BY_THE_PEER: readonly End[] = ['reset', 'broken-pipe', 'hang-up']

/**
 * The idle limits that had passed: the one that was configured or chosen by a profile first, then
 * the nearest. Layer 4 for a connection that nothing kept alive. For one that keepalive protected
 * none of those can be it, but one of layer 7 that had just passed can, if the other side ended it.
 * Empty: it died of something else. Pure.
 */
export function fits(
  {
    end,
    minIdleMs,
    maxIdleMs,
    decision,
  }: Pick<Death, 'end' | 'minIdleMs' | 'maxIdleMs' | 'decision'>,
  path: Path,
  table: readonly Profile[] = profiles,
): Fit[] {
  const isProtected = protects(decision, path.limitMs)
  if (isProtected && !BY_THE_PEER.includes(end)) return []
  const byLimit = new Map<number, string[]>()
  if (!isProtected) byLimit.set(path.limitMs, [])
  for (const { name, layer, limitSeconds } of table) {
    const limitMs = limitSeconds * 1_000
    if (isProtected ? layer === 7 && minIdleMs <= limitMs * 1.1 : layer === 4) {
      byLimit.set(limitMs, [...(byLimit.get(limitMs) ?? []), name])
    }
  }
  const ownLimit = path.profile !== null || byLimit.get(path.limitMs)?.length === 0
  const chosen = (limitMs: number) => (ownLimit && limitMs === path.limitMs ? 1 : 0)
  return [...byLimit]
    .map(([limitMs, middleboxes]) => ({ limitMs, middleboxes }))
    .filter(({ limitMs }) => limitMs <= maxIdleMs)
    .sort((a, b) => chosen(b.limitMs) - chosen(a.limitMs) || b.limitMs - a.limitMs)
    .slice(0, MOST_FITS)
}

/** Whether what was put on a socket lets the first probe come before the limit. */
export function protects(decision: Decision, limitMs: number): boolean {
  return decision.action === 'protect' && decision.delayMs !== null && decision.delayMs < limitMs
}

/** Deaths of one destination, opening place and kind: one warning. */
export interface DeathGroup {
  readonly deaths: readonly Death[]
  readonly fits: readonly Fit[]
}

/** Groups the deaths of one look that fit an idle limit. Pure. */
export function groupDeaths(deaths: Iterable<Death>, path: Path): DeathGroup[] {
  const groups = new Map<string, { deaths: Death[]; fits: Fit[] }>()
  for (const death of deaths) {
    const fit = fits(death, path)
    if (fit.length === 0) continue
    const limits = fit.map(({ limitMs }) => limitMs)
    const kind = [death.end, protects(death.decision, path.limitMs), limits]
    const key = `${JSON.stringify(kind)} ${groupKey(death.destination, death.opener)}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { deaths: [death], fits: fit })
    else group.deaths.push(death)
  }
  return [...groups.values()]
}
