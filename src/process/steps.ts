import { type Pause, rest, Slices } from './slices'

/**
 * Long work that may be cut wherever it yields. It is told there whether whoever drives it can wait,
 * and may then yield a promise to be waited for.
 */
export type Steps<T> = Generator<Promise<void> | undefined, T, boolean>

/** Does all of it in one go, for those who wait for the answer. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next(false)
    if (step.done) return step.value
  }
}

/**
 * Does it in slices of about 2 ms, between which the event loop runs. Does not keep the program
 * alive: if the loop ends, the promise stays pending.
 */
export async function inSlices<T>(steps: Steps<T>, pause: Pause = rest): Promise<T> {
  const slices = new Slices(pause)
  try {
    for (;;) {
      const step = steps.next(true)
      if (step.done) return step.value
      if (step.value !== undefined) {
        await step.value
        slices.begin()
      } else if (slices.over) await slices.next()
    }
  } finally {
    // Where a pause throws, what is open is closed.
    steps.return(undefined as never)
  }
}
