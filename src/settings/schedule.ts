import { defaults } from './settings'

/** When the kernel probes an idle connection, in its own order: TCP_KEEPIDLE, _KEEPINTVL, _KEEPCNT. */
export interface Schedule {
  /** Idle time before the first probe, in milliseconds. */
  readonly delayMs: number
  /** Time between probes that nobody answers, in milliseconds. */
  readonly intervalMs: number
  /** Unanswered probes before the connection is given up. */
  readonly probes: number
}

/**
 * The schedule for a path that forgets a connection after `limitMs` of idleness. A quarter of the
 * limit leaves room for three lost probes; the kernel counts in whole seconds, of at least one.
 */
export function defaultSchedule(limitMs: number): Schedule {
  const share = Math.floor(limitMs / defaults.delaysInLimit / 1000) * 1000
  const delayMs = Math.max(1000, Math.min(defaults.longestDelayMs, share))
  return { delayMs, intervalMs: defaultIntervalMs(delayMs), probes: defaults.probes }
}

/** The interval that goes with a delay, in milliseconds: never longer than the delay itself. */
export function defaultIntervalMs(delayMs: number): number {
  return Math.min(defaults.longestIntervalMs, delayMs)
}

/**
 * How long after the last packet from the peer the kernel gives up a dead idle connection, in
 * milliseconds.
 *
 * tcp_keepalive_timer (Linux net/ipv4/tcp_timer.c) sends a probe at `delay` and again after each
 * `interval`, counting them, and before each it asks whether the count has reached `probes`. So
 * probe k goes out at delay + (k - 1) * interval, and the reset comes one interval after the last:
 * delay + probes * interval. Kernel timers of this length may fire up to an eighth late.
 */
export function deathNoticedMs({ delayMs, intervalMs, probes }: Schedule): number {
  return delayMs + intervalMs * probes
}

/**
 * The length up to which an outage of the path surely spares an idle connection, in milliseconds;
 * subtract a round trip, for a probe is also lost when only its answer is.
 *
 * The connection dies only if all `probes` go unanswered, and the first and the last of them are
 * (probes - 1) intervals apart: a shorter outage cannot swallow every one, wherever it begins. The
 * interval after the last probe does not count, because nothing is sent in it. Longer outages may
 * be survived too, by luck: one that begins right after a packet has the whole delay in addition.
 *
 * Before 24.19 Node leaves libuv's interval of 1 s and count of 10 in force, whatever was asked:
 * `{ delayMs, intervalMs: 1000, probes: 10 }`, which spares 9 s.
 */
export function outageSurvivedMs({ intervalMs, probes }: Schedule): number {
  return intervalMs * (probes - 1)
}
