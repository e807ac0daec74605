import type { Endpoint } from './endpoint'
import { captureTrail, type Opener, openerOf, sampledFrom, UNKNOWN_OPENER } from './opener'

/**
 * So many connections to one destination have a stack of their own, one after the other, and so many
 * more with each second. To look at one takes a sixth of the time of a connect, and those who connect
 * again and again do so in the same place.
 */
const STACKS_PER_DESTINATION = 20
const MORE_PER_SECOND = 2

/**
 * So many in one second have one to all destinations together, which a crawler has without end. Half
 * of them are for destinations of which this second has seen none.
 */
const STACKS_PER_SECOND = 200

const MAX_DESTINATIONS = 1_000

/** A connection that is opened so long after a request may be another's; the next tick can take its time. */
const EXPECTED_MS = 1_000

/** What is known of one destination. */
interface Burst {
  /** The last one in which it had a stack. */
  second: number
  /** How many stacks it may have, counted at a time in milliseconds. */
  stacks: number
  countedAt: number
  /** Of the last connection that had a place; null: none had. */
  latest: Opener | null
  /** Of a request whose connection is still to be opened, and when it was made. */
  expected: Opener | null
  expectedAt: number
}

/** Finds out where connections are opened, at a bounded cost. */
export class OpenerSampler {
  /** By host, then by port: to put both into one string would cost more than all the rest. */
  readonly #bursts = new Map<string, Map<number, Burst>>()
  #size = 0
  #asked: { endpoint: Endpoint; burst: Burst } | null = null
  #second = 0
  #count = 0
  #latest: Opener | null = null

  /** `now` in milliseconds; `wrapper` is the function below which the stack begins. */
  capture(endpoint: Endpoint, now: number, wrapper: unknown): Opener {
    const burst = this.#burstOf(endpoint)
    // Those beyond come from where the one before them did, or else from where anybody connects.
    if (!this.#take(burst, now)) return burst.latest ?? this.#latest ?? UNKNOWN_OPENER
    const trail = captureTrail(wrapper)
    const { expected } = burst
    burst.expected = null
    if (!trail.found && expected !== null && now - burst.expectedAt < EXPECTED_MS) return expected
    // From a queue, or from a timer: for somebody who connected here before.
    if (trail.steps.length === 0) return burst.latest ?? UNKNOWN_OPENER
    return this.#note(burst, openerOf(trail))
  }

  /**
   * A request to `endpoint` is made below `wrapper`, and the client opens the connection in a later
   * tick, whose stack does not lead back.
   */
  expect(endpoint: Endpoint, now: number, wrapper: unknown): void {
    const burst = this.#burstOf(endpoint)
    if (!this.#take(burst, now)) return
    const trail = captureTrail(wrapper)
    if (!trail.found) return
    burst.expected = this.#note(burst, openerOf(trail))
    burst.expectedAt = now
  }

  #burstOf(endpoint: Endpoint): Burst {
    // The connections of a pool share their endpoint.
    if (this.#asked?.endpoint === endpoint) return this.#asked.burst
    const { host, port } = endpoint
    let burst = this.#bursts.get(host)?.get(port)
    if (burst === undefined) {
      if (this.#size >= MAX_DESTINATIONS) {
        this.#bursts.clear()
        this.#size = 0
      }
      burst = {
        second: -1,
        stacks: STACKS_PER_DESTINATION,
        countedAt: 0,
        latest: null,
        expected: null,
        expectedAt: 0,
      }
      const ports = this.#bursts.get(host)
      if (ports === undefined) this.#bursts.set(host, new Map([[port, burst]]))
      else ports.set(port, burst)
      this.#size++
    }
    this.#asked = { endpoint, burst }
    return burst
  }

  /** Whether one more stack may be looked at. */
  #take(burst: Burst, now: number): boolean {
    const second = Math.trunc(now / 1_000)
    if (this.#second !== second) {
      this.#second = second
      this.#count = 0
    }
    const more = (MORE_PER_SECOND * (now - burst.countedAt)) / 1_000
    burst.stacks = Math.min(STACKS_PER_DESTINATION, burst.stacks + more)
    burst.countedAt = now
    const most = burst.second === second ? STACKS_PER_SECOND / 2 : STACKS_PER_SECOND
    if (burst.stacks < 1 || this.#count >= most) return false
    burst.second = second
    burst.stacks--
    this.#count++
    return true
  }

  #note(burst: Burst, opener: Opener): Opener {
    burst.latest = sampledFrom(opener)
    this.#latest = burst.latest
    return opener
  }
}
