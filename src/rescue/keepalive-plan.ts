import { LEAVE } from '../kernel/native'
import type { SocketOptions } from '../kernel/socket-options'

/** The schedule that is to be in force, as the settings give it. */
export interface WantedSchedule {
  readonly delayMs: number
  readonly intervalMs: number
  readonly probes: number
  /** After which the path forgets an idle connection. */
  readonly limitMs: number
  /** TCP_USER_TIMEOUT; null: none is to be set. */
  readonly userTimeoutMs: number | null
}

/** What NativePart.setKeepalive() takes; LEAVE where a value stays. */
export interface KeepalivePlan {
  readonly idleSeconds: number
  readonly intervalSeconds: number
  readonly probes: number
  readonly userTimeoutMs: number
}

/**
 * What to put on a connection; null where it has all of it. A shorter delay of the program's stays,
 * and so do an interval and a count that hold out for longer than ours, and a TCP_USER_TIMEOUT of its
 * own: nothing is made worse. Pure.
 */
export function planKeepalive(has: SocketOptions, wanted: WantedSchedule): KeepalivePlan | null {
  const { delayMs, intervalMs, probes, limitMs } = wanted
  const userTimeoutMs = has.userTimeoutMs === null ? (wanted.userTimeoutMs ?? LEAVE) : LEAVE
  const ours = {
    idleSeconds: delayMs / 1_000,
    intervalSeconds: intervalMs / 1_000,
    probes,
    userTimeoutMs,
  }
  if (!has.keepalive) return ours
  const early = has.delayMs <= delayMs
  // After one probe that is lost, the next has to come in time as well.
  const inTime = Math.min(has.delayMs, delayMs) + has.intervalMs < limitMs
  const holdsOut = inTime && has.intervalMs * has.probes >= intervalMs * probes
  if (early && holdsOut && userTimeoutMs === LEAVE) return null
  return {
    idleSeconds: early ? LEAVE : ours.idleSeconds,
    intervalSeconds: holdsOut ? LEAVE : ours.intervalSeconds,
    probes: holdsOut ? LEAVE : ours.probes,
    userTimeoutMs,
  }
}

/** What a connection has once a plan is carried out. Pure. */
export function planned(has: SocketOptions, plan: KeepalivePlan): SocketOptions {
  return {
    keepalive: true,
    delayMs: plan.idleSeconds === LEAVE ? has.delayMs : plan.idleSeconds * 1_000,
    intervalMs: plan.intervalSeconds === LEAVE ? has.intervalMs : plan.intervalSeconds * 1_000,
    probes: plan.probes === LEAVE ? has.probes : plan.probes,
    userTimeoutMs: plan.userTimeoutMs === LEAVE ? has.userTimeoutMs : plan.userTimeoutMs,
  }
}
