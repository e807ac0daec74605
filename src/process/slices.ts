import { uptimeMs } from './clock'
import { createLater, type Later } from './later'

/** How long a scan may hold the event loop before it lets others run. */
const SLICE_MS = 2

/** Calls `next` in a later turn of the event loop, which it does not keep running. */
export type Pause = (next: () => void) => void

/**
 * A timer and not setImmediate: an immediate that is unref'd does not wake a loop which waits for
 * input, so that a scan in an idle program would stand still until something else happens.
 */
export const rest: Pause = (next) => pauseBy(createLater())(next)

/** A pause by the timers of whoever is driven. */
export function pauseBy(later: Later): Pause {
  return (next) => void later(next, 1)
}

/** Cuts long synchronous work into slices. */
export class Slices {
  readonly #pause: Pause
  #end = 0

  constructor(pause: Pause) {
    this.#pause = pause
    this.begin()
  }

  /** A slice begins here: to be called when the event loop has been elsewhere. */
  begin(): void {
    this.#end = uptimeMs() + SLICE_MS
  }

  get over(): boolean {
    return uptimeMs() >= this.#end
  }

  /** Never settles if the loop ends first, which is what ends a program. */
  async next(): Promise<void> {
    await new Promise<void>((done) => this.#pause(done))
    this.begin()
  }
}
