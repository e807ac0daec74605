import type { KernelWord } from '../kernel/kernel-word'

/**
 * The keepalive timer of one connection over several looks. A timer that runs out is armed anew:
 * for what is missing to the delay, or for the interval where a probe went out. Of three re-arms in
 * a row at least one is for the delay less the interval, or two add up to the delay when there was
 * traffic; both ways the delay is at most twice the longest. This tells a short delay from a long
 * one that happens to be near its end, which a single look cannot (tcp_keepalive_timer, Linux
 * net/ipv4/tcp_timer.c). Where the peer leaves probes unanswered, any number of re-arms are for the
 * interval alone, so those tell nothing.
 */
export class TimerHistory {
  #firesAt: number | null = null
  #rearms: number[] = []

  /** Takes what a look at the monotonic time `now` (ms) saw. */
  see(word: KernelWord, now: number): void {
    const unanswered = (word.unansweredProbes ?? 0) >= UNANSWERED
    if (!word.armed || word.nextTimerMs === null || unanswered) {
      this.#firesAt = null
      this.#rearms = []
      return
    }
    const firesAt = now + word.nextTimerMs
    const before = this.#firesAt
    this.#firesAt = firesAt
    if (before === null || firesAt - before < SAME_MS) return
    // It ran out at `before`, at the latest now, and was armed then.
    this.#rearms = [...this.#rearms, firesAt - Math.min(before, now)].slice(-NEEDED)
  }

  /** The most that the delay can be, in milliseconds; null before enough was seen. */
  get longestDelayMs(): number | null {
    return this.#rearms.length < NEEDED ? null : 2 * Math.max(...this.#rearms)
  }
}

const NEEDED = 3

/**
 * One may be on its way. One that is lost makes two re-arms for the interval in a row, of the three;
 * a second one in a row is seen here.
 */
const UNANSWERED = 2

/** The column has steps of 10 ms, and a look takes its time: less is the same timer. */
const SAME_MS = 200
