import { KERNEL_MAXIMA } from './kernel-maxima'
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

/** What libuv sets next to a delay (uv__tcp_keepalive), where Node passes on nothing else: 1 s x 10. */
export const LIBUV_PROBES = { intervalMs: 1_000, probes: 10 } as const

/** What was chosen of a schedule; everything else follows. */
export interface Chosen {
  readonly delayMs?: number
  readonly intervalMs?: number
  readonly giveUpMs?: number
  readonly probes?: number
}

/**
 * The schedule for a path that forgets a connection after `limitMs` of idleness: probes come in time,
 * and a silent path is borne as long as it could matter.
 *
 * A quarter of the limit before the first probe leaves room for three lost ones; the kernel counts in
 * whole seconds, of at least one. As many probes go out as giving up after `giveUpMs` takes. Where the
 * kernel does not take so many they come further apart, but never as far as the limit: the kernel
 * waits for an interval after an answered probe too.
 */
export function scheduleFor(limitMs: number, chosen: Chosen = {}): Schedule & { giveUpMs: number } {
  const share = wholeSeconds(limitMs / defaults.delaysInLimit)
  const delayMs = chosen.delayMs ?? Math.min(defaults.longestDelayMs, share)
  const usualMs = chosen.intervalMs ?? defaultIntervalMs(delayMs)
  const giveUpMs = chosen.giveUpMs ?? Math.max(defaults.leastGiveUpMs, limitMs + usualMs)
  const neededMs = Math.ceil(giveUpMs / KERNEL_MAXIMA.probes / 1_000) * 1_000
  const mayGrow = chosen.intervalMs === undefined && chosen.probes === undefined
  const mostMs = Math.max(usualMs, wholeSeconds(limitMs / 2))
  const intervalMs = mayGrow ? Math.max(usualMs, Math.min(neededMs, mostMs)) : usualMs
  const needed = Math.min(KERNEL_MAXIMA.probes, Math.ceil(giveUpMs / intervalMs))
  return { delayMs, intervalMs, probes: chosen.probes ?? needed, giveUpMs }
}

/** The interval that goes with a delay, in milliseconds: never longer than the delay itself. */
function defaultIntervalMs(delayMs: number): number {
  return Math.min(defaults.longestIntervalMs, delayMs)
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.floor(ms / 1_000)) * 1_000
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
 */
export function outageSurvivedMs({ intervalMs, probes }: Schedule): number {
  return intervalMs * (probes - 1)
}

/** How many probes go out on a silent path before it forgets the connection. */
export function probesBefore(limitMs: number, { delayMs, intervalMs }: Schedule): number {
  return 1 + Math.floor((limitMs - 1 - delayMs) / intervalMs)
}
