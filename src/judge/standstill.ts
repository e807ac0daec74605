/** A time in which nothing of the process ran: a timer of ours came that late. By the process's clock. */
export interface Standstill {
  readonly from: number
  readonly to: number
}

/** Less is a busy machine, and no peer's patience. */
const SHORTEST_MS = 3_000
const MOST = 4
/** With one more, if a timer that was due at `dueAt` came only `now`. Pure. */
export function withStandstill(
  known: readonly Standstill[],
  dueAt: number,
  now: number,
): readonly Standstill[] {
  return now - dueAt < SHORTEST_MS ? known : [...known, { from: dueAt, to: now }].slice(-MOST)
}

interface Idle {
  readonly endedAt: number
  readonly maxIdleMs: number
  /** When something was written that nobody answered; null: nothing such. */
  readonly usedAt?: number | null
}

/**
 * For how long the process stood still while a connection was idle, in milliseconds and at the least: it
 * may have begun before the timer was due. Only before it was used again, if it was, because a
 * connection does not go stale of what comes after. 0 where that is not known. Pure.
 */
export function stillMsOf(
  { endedAt, maxIdleMs, usedAt = null }: Idle,
  standstills: readonly Standstill[],
): number {
  const until = Math.min(usedAt ?? endedAt, endedAt)
  const since = until - maxIdleMs
  const spans = standstills.map(({ from, to }) => Math.min(to, until) - Math.max(from, since))
  const longest = Math.min(maxIdleMs, Math.max(0, ...spans))
  return longest < SHORTEST_MS ? 0 : longest
}
