import t from 'tap'
import { TimerHistory } from '../../../src/judge/timer-history'
import type { KernelWord } from '../../../src/kernel/kernel-word'

const armed = (nextTimerMs: number): KernelWord => ({
  armed: true,
  nextTimerMs,
  why: null,
  passing: false,
})

/**
 * tcp_keepalive_timer() of the kernel: when it runs out after `delay` without a packet it sends a
 * probe, which is answered at once, and waits for `interval`; otherwise it waits for what is missing
 * to the delay. Looks once a second for `forMs`; packets arrive at the times in `traffic`.
 */
function watch(delayMs: number, intervalMs: number, traffic: readonly number[], forMs: number) {
  const history = new TimerHistory()
  let firesAt = delayMs
  let heardAt = 0
  const bounds: (number | null)[] = []
  for (let now = 0; now <= forMs; now += 10) {
    if (traffic.includes(now)) heardAt = now
    if (now >= firesAt) {
      const idle = now - heardAt
      if (idle >= delayMs) {
        heardAt = now
        firesAt = now + intervalMs
      } else {
        firesAt = now + delayMs - idle
      }
    }
    if (now % 1_000 === 0) {
      history.see(armed(firesAt - now), now)
      bounds.push(history.longestDelayMs)
    }
  }
  return bounds
}

t.test('after three re-arms the delay has a bound, and it holds', (t) => {
  const patterns = [[], [7_000], [7_000, 12_340, 50_000, 51_000, 90_010], [40_000, 80_000, 120_000]]
  for (const [delayMs, intervalMs] of [
    [45_000, 15_000],
    [15_000, 15_000],
    [60_000, 1_000],
    [2_000, 2_000],
  ] as const) {
    for (const traffic of patterns) {
      const bounds = watch(delayMs, intervalMs, traffic, 400_000)
      const known = bounds.filter((bound) => bound !== null)
      const name = `${delayMs} ms, ${intervalMs} ms, traffic at ${traffic.join()}`
      t.ok(known.length > 0, name)
      t.ok(
        known.every((bound) => bound >= delayMs - 1_000),
        `${name}: never below the delay`,
      )
      t.ok(Math.min(...known) <= 2 * delayMs + 2_000, `${name}: and not far above`)
    }
  }
  t.end()
})

t.test('a long delay near its end is not taken for a short one', (t) => {
  // Two hours of which all but 29 seconds have passed: it probes, waits its 75 s, and is two hours again.
  const history = new TimerHistory()
  for (let now = 0; now < 29_000; now += 1_000) history.see(armed(29_000 - now), now)
  for (let now = 29_000; now < 104_000; now += 1_000) history.see(armed(104_000 - now), now)
  for (let now = 104_000; now < 200_000; now += 1_000) history.see(armed(7_229_000 - now), now)
  t.equal(history.longestDelayMs, null)
  t.end()
})

t.test('a timer that only counts down tells nothing, whatever the looks cost', (t) => {
  const history = new TimerHistory()
  for (let now = 0; now < 40_000; now += 977) history.see(armed(45_000 - now + (now % 50)), now)
  t.equal(history.longestDelayMs, null)
  t.end()
})

t.test('keepalive that was off in between begins anew', (t) => {
  const history = new TimerHistory()
  const see = (times: readonly number[]) => {
    for (const now of times) history.see(armed(1_000), now)
  }
  see([0, 1_000, 2_000])
  history.see({ armed: false, nextTimerMs: null, why: null, passing: false }, 2_500)
  see([3_000, 4_000, 5_000])
  t.equal(history.longestDelayMs, null)
  see([6_000])
  t.equal(history.longestDelayMs, 2_000)
  t.end()
})
