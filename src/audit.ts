import type { Opener } from './opener'
import type { Leave, Protection } from './policy'

/** One connection that has been idle for about the threshold, or longer. */
export interface IdleSocket {
  readonly destination: string
  readonly idleMs: number
  readonly opener: Opener
  /** The schedule on it, or why there is none. */
  readonly protection: Protection | null
  readonly leave: Leave | null
}

/** Idle connections to one destination that were opened at one place: one warning. */
export interface IdleGroup {
  readonly destination: string
  readonly opener: Opener
  count: number
  unprotected: number
  minIdleMs: number
  maxIdleMs: number
  protection: Protection | null
  leave: Leave | null
}

/** Groups that have been warned about and are still idle, and whether the worse was said. */
export type Episodes = ReadonlyMap<string, { readonly unprotected: boolean }>

/**
 * Groups idle sockets and picks the groups to warn about: those in which one has passed the
 * threshold, and which were not told of yet. The others of a group, which are about to pass it, count
 * with it. An episode lasts while any connection of the group stays idle, and is told once, twice if
 * protection is found missing later. Pure.
 */
export function auditIdle(
  idle: Iterable<IdleSocket>,
  thresholdMs: number,
  episodes: Episodes,
): { warn: IdleGroup[]; episodes: Episodes } {
  const groups = new Map<string, IdleGroup>()
  for (const socket of idle) {
    const key = JSON.stringify([socket.destination, socket.opener.place, socket.opener.package])
    let group = groups.get(key)
    if (group === undefined) {
      group = {
        destination: socket.destination,
        opener: socket.opener,
        count: 0,
        unprotected: 0,
        minIdleMs: socket.idleMs,
        maxIdleMs: socket.idleMs,
        protection: null,
        leave: null,
      }
      groups.set(key, group)
    }
    group.count++
    if (socket.protection === null) group.unprotected++
    group.minIdleMs = Math.min(group.minIdleMs, socket.idleMs)
    group.maxIdleMs = Math.max(group.maxIdleMs, socket.idleMs)
    group.protection ??= socket.protection
    group.leave ??= socket.leave
  }
  const warn: IdleGroup[] = []
  const next = new Map<string, { unprotected: boolean }>()
  for (const [key, group] of groups) {
    const before = episodes.get(key)
    if (before === undefined && group.maxIdleMs < thresholdMs) continue
    const unprotected = group.unprotected > 0
    if (before === undefined || (unprotected && !before.unprotected)) warn.push(group)
    next.set(key, { unprotected: unprotected || before?.unprotected === true })
  }
  return { warn, episodes: next }
}
