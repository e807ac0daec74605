/** A time in which nothing of the process ran: a timer of ours came that late. By the process's clock. */
export interface Standstill {
  readonly from: number
  readonly to: number
}

/** Less is a busy machine. */
const SHORTEST_MS = 1_000
const MOST = 4
/** What is written after a standstill is answered within that (see idle-time.ts). */
const ANSWERED_WITHIN_MS = 5_000

/** With one more, if a timer that was due at `dueAt` came only `now`. Pure. */
export function withStandstill(
  known: readonly Standstill[],
  dueAt: number,
  now: number,
): readonly Standstill[] {
  return now - dueAt < SHORTEST_MS ? known : [...known, { from: dueAt, to: now }].slice(-MOST)
}

/**
 * For how long the process stood still while a connection was idle, in milliseconds and at the least: it
 * may have begun before the timer was due. 0 where that is not known. Pure.
 */
export function stillMsOf(
  { endedAt, maxIdleMs }: { readonly endedAt: number; readonly maxIdleMs: number },
  standstills: readonly Standstill[],
): number {
  const since = endedAt - maxIdleMs - ANSWERED_WITHIN_MS
  const spans = standstills
    .filter(({ from }) => from >= since)
    .map(({ from, to }) => Math.min(to, endedAt) - from)
  const longest = Math.min(maxIdleMs, Math.max(0, ...spans))
  return longest < SHORTEST_MS ? 0 : longest
}
