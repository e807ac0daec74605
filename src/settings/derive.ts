import { type Chosen, scheduleFor } from './schedule'
import type { Config } from './setting'
import { defaults } from './settings'
import { strictestLimitSeconds } from './strictest-limit'

/** What was chosen of a config. */
export type Given = Partial<Config>

/** A whole config: what was not given follows from what was, or is the default. */
export function derive(given: Given): Config {
  const limitMs = given.limitMs ?? limitOf(given.profile)
  return {
    enabled: given.enabled ?? defaults.enabled,
    profile: given.profile ?? defaults.profile,
    limitMs,
    ...scheduleFor(limitMs, given),
    userTimeoutMs: given.userTimeoutMs ?? defaults.userTimeoutMs,
    native: given.native ?? defaults.native,
    foreign: given.foreign ?? defaults.foreign,
    request: given.request ?? defaults.request,
    mode: given.mode ?? defaults.mode,
    app: given.app ?? defaults.app,
    pool: given.pool ?? defaults.pool,
    exclude: given.exclude ?? defaults.exclude,
    sysctl: given.sysctl ?? defaults.sysctl,
    idleWarnMs: given.idleWarnMs === undefined ? idleWarnOf(limitMs) : given.idleWarnMs,
    idleLoopback: given.idleLoopback ?? defaults.idleLoopback,
    auditMs: given.auditMs === undefined ? defaults.auditMs : given.auditMs,
    format: given.format ?? defaults.format,
    metrics: given.metrics ?? defaults.metrics,
  }
}

function limitOf(profile: string | null | undefined): number {
  if (profile === null || profile === undefined) return strictestLimitSeconds * 1000
  const { findProfile } = require('./profiles') as typeof import('./profiles')
  return (findProfile(profile)?.limitSeconds ?? strictestLimitSeconds) * 1000
}

/** Idle time after which a connection is warned about, where none was chosen; in milliseconds. */
export function idleWarnOf(limitMs: number): number {
  return Math.floor((limitMs * defaults.idleWarnPercent) / 100)
}

/**
 * The part of a finished config that does not come out of the rest by itself. A value that was
 * chosen and equals the derived one cannot be told from it, and follows like it.
 */
export function chosen(base: Config): Given {
  const { limitMs, delayMs, intervalMs, giveUpMs, probes, idleWarnMs, ...given } = base
  const followed = scheduleFor(limitMs)
  // In the order in which they follow from each other.
  const timing: { -readonly [K in keyof Chosen]: Chosen[K] } = {}
  if (delayMs !== followed.delayMs) timing.delayMs = delayMs
  if (intervalMs !== scheduleFor(limitMs, timing).intervalMs) timing.intervalMs = intervalMs
  if (giveUpMs !== scheduleFor(limitMs, timing).giveUpMs) timing.giveUpMs = giveUpMs
  if (probes !== scheduleFor(limitMs, timing).probes) timing.probes = probes
  return {
    ...given,
    ...timing,
    ...(limitMs !== limitOf(base.profile) && { limitMs }),
    ...(idleWarnMs !== idleWarnOf(limitMs) && { idleWarnMs }),
  }
}
