import type { Opener } from '../connections/opener'
import type { Decision } from '../connections/policy'
import type { WaitingRequest } from '../connections/waiting-request'
import type { Verdict } from './verdict'

/** A connection that has been idle for about the threshold, or longer. */
export interface IdleSocket {
  readonly destination: string
  readonly opener: Opener
  readonly idleMs: number
  readonly decision: Decision
}

/** Idle connections to one destination that were opened at one place: one warning. */
export interface IdleGroup<S extends IdleSocket = IdleSocket> {
  readonly destination: string
  readonly opener: Opener
  readonly sockets: S[]
}

/** The groups that have been told of and are still idle, and whether the program had left some bare. */
export type Episodes = ReadonlyMap<string, { readonly bare: boolean }>

/**
 * Groups idle sockets and picks the groups to tell of: those in which one has passed the threshold,
 * and which were not told of yet. The others of a group, which are about to pass it, count with it.
 * An episode lasts while any connection of the group stays idle, and is told once, twice if one that
 * is left without protection joins it later. Pure.
 */
export function auditIdle<S extends IdleSocket>(
  idle: Iterable<S>,
  thresholdMs: number,
  episodes: Episodes,
): { tell: IdleGroup<S>[]; episodes: Episodes } {
  const groups = new Map<string, IdleGroup<S>>()
  let last: IdleGroup<S> | undefined
  for (const socket of idle) {
    const { destination, opener } = socket
    // A pool opens its connections one after the other.
    if (last?.destination === destination && last.opener === opener) {
      last.sockets.push(socket)
      continue
    }
    const key = groupKey(destination, opener)
    last = groups.get(key)
    if (last === undefined) {
      last = { destination, opener, sockets: [] }
      groups.set(key, last)
    }
    last.sockets.push(socket)
  }
  const tell: IdleGroup<S>[] = []
  const next = new Map<string, { bare: boolean }>()
  for (const [key, group] of groups) {
    const before = episodes.get(key)
    const passed = group.sockets.some(({ idleMs }) => idleMs >= thresholdMs)
    if (before === undefined && !passed) continue
    const bare = group.sockets.some(({ decision }) => decision.action === 'leave')
    if (before === undefined || (bare && !before.bare)) tell.push(group)
    next.set(key, { bare: bare || before?.bare === true })
  }
  return { tell, episodes: next }
}

/** What one warning tells of a group, now that the kernel has been asked. */
export interface IdleSummary {
  readonly destination: string
  readonly opener: Opener
  readonly count: number
  readonly minIdleMs: number
  readonly maxIdleMs: number
  /** How many of each verdict. */
  readonly verdicts: Readonly<Record<Verdict['verdict'], number>>
  /** How many of those at risk the peer has closed. */
  readonly closed: number
  /** How many of the unknown ones had a schedule put on them that nobody sees. */
  readonly unseen: number
  /** One connection that stands for the worst. */
  readonly worst: JudgedSocket
  /** A request that waits on one of them. */
  readonly request: WaitingRequest | null
}

export interface JudgedSocket extends IdleSocket {
  readonly judged: Verdict
  readonly request: WaitingRequest | null
}

/** Sums up a group whose connections have been judged. Pure. */
export function summarize(group: IdleGroup<JudgedSocket>): IdleSummary {
  const { destination, opener, sockets } = group
  const verdicts = { safe: 0, unknown: 0, 'at-risk': 0, dying: 0 }
  let [closed, unseen] = [0, 0]
  let worst = sockets[0] as JudgedSocket
  let minIdleMs = Number.POSITIVE_INFINITY
  let maxIdleMs = 0
  let request: WaitingRequest | null = null
  for (const socket of sockets) {
    const { judged } = socket
    verdicts[judged.verdict]++
    if (judged.cause === 'closed-by-peer') closed++
    if (judged.set !== undefined) unseen++
    if (badness(judged) > badness(worst.judged)) worst = socket
    minIdleMs = Math.min(minIdleMs, socket.idleMs)
    maxIdleMs = Math.max(maxIdleMs, socket.idleMs)
    request ??= socket.request
  }
  return {
    destination,
    opener,
    count: sockets.length,
    minIdleMs,
    maxIdleMs,
    verdicts,
    closed,
    unseen,
    worst,
    request,
  }
}

const BADNESS = { safe: 0, unknown: 2, 'at-risk': 4, dying: 5 } as const

/** What is milder than its verdict counts for a little less. */
function badness({ verdict, cause, set }: Verdict): number {
  return BADNESS[verdict] - (cause === undefined && set === undefined ? 0 : 1)
}

/** What belongs into one warning has the same key. */
export function groupKey(destination: string, opener: Opener): string {
  return JSON.stringify([destination, opener.place, opener.package])
}
