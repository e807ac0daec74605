import type { Later } from './later'

/** What is to be done so many milliseconds from now; it must not throw. */
export type Event = readonly [atMs: number, run: () => void]

/**
 * Does each at its time, with one timer at a time: programs that look at what makes timers see one.
 * Returns the way to stop it.
 */
export function timeline(later: Later, events: readonly Event[]): () => void {
  const inTurn = [...events].sort(([one], [other]) => one - other)
  const next = (index: number, nowMs: number): (() => void) => {
    const event = inTurn[index]
    if (event === undefined) return () => {}
    const [atMs, run] = event
    return later(() => {
      cancel = next(index + 1, atMs)
      run()
    }, atMs - nowMs)
  }
  let cancel = next(0, 0)
  return () => cancel()
}
