import { destinationOf, type Endpoint } from './endpoint'
import { captureTrace, type Opener, readTrace, sampledFrom, type Trace } from './opener'

/** Where a connection was opened, found out at the first call: capturing is cheap, reading is not. */
export interface Origin {
  opener(): Opener
}

/**
 * So many connections to one destination in one second have a stack of their own. To capture one
 * takes about a quarter of the time of a connect, which is too much for those who connect by the
 * thousand, and they do so in the same place.
 */
const STACKS_PER_SECOND = 20

/** A crawler has destinations without end. */
const MAX_DESTINATIONS = 1_000

interface Burst {
  second: number
  count: number
  latest: Origin
}

/** Captures where connections are opened, at a bounded cost. */
export class OpenerSampler {
  readonly #bursts = new Map<string, Burst>()

  /** `now` in milliseconds; `wrapper` is the function below which the stack begins. Null: not known. */
  capture(endpoint: Endpoint, now: number, wrapper: unknown): Origin | null {
    const second = Math.trunc(now / 1_000)
    const destination = destinationOf(endpoint)
    const burst = this.#bursts.get(destination)
    if (burst !== undefined && burst.second === second && burst.count >= STACKS_PER_SECOND) {
      return burst.latest
    }
    const trace = captureTrace(wrapper)
    if (trace === null) return null
    const own = new Own(trace)
    const latest = new Sampled(own)
    if (burst?.second === second) {
      burst.count++
      burst.latest = latest
    } else {
      if (this.#bursts.size >= MAX_DESTINATIONS) this.#bursts.clear()
      this.#bursts.set(destination, { second, count: 1, latest })
    }
    return own
  }

  /** Lets go of the stacks, which hold objects of the program. */
  clear(): void {
    this.#bursts.clear()
  }
}

class Own implements Origin {
  #read: Trace | Opener

  constructor(trace: Trace) {
    this.#read = trace
  }

  opener(): Opener {
    if (!('package' in this.#read)) this.#read = readTrace(this.#read)
    return this.#read
  }
}

class Sampled implements Origin {
  readonly #own: Own

  constructor(own: Own) {
    this.#own = own
  }

  opener(): Opener {
    return sampledFrom(this.#own.opener())
  }
}
