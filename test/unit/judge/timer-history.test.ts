import t from 'tap'
import { TimerHistory } from '../../../src/judge/timer-history'
import { fires, hidden, off } from '../../kernel-words'

/** What happens to a connection besides its timer. Milliseconds. */
interface Life {
  /** When packets arrive. */
  readonly traffic?: readonly number[]
  /** Whether the probe of this number, from 0, is answered; all are where it is not given. */
  readonly answered?: (probe: number) => boolean
  /** After which an answer arrives. */
  readonly rttMs?: number
  /** Already idle for so long at the first look. */
  readonly idleMs?: number
  readonly lookMs?: number
}

/**
 * tcp_keepalive_timer() of the kernel: when it runs out after `delay` without a packet it sends a
 * probe, and waits for `interval`; otherwise it waits for what is missing to the delay.
 */
function watch(delayMs: number, intervalMs: number, forMs: number, life: Life = {}) {
  const { traffic = [], answered = () => true, rttMs = 0, idleMs = 0, lookMs = 1_000 } = life
  const history = new TimerHistory()
  const answers: number[] = []
  let firesAt = delayMs - idleMs
  let heardAt = -idleMs
  let probes = 0
  let unansweredProbes = 0
  const bounds: (number | null)[] = []
  for (let now = 0; now <= forMs; now += 10) {
    if (now >= firesAt) {
      const idle = now - heardAt
      if (idle >= delayMs) {
        if (answered(probes++)) answers.push(now + rttMs)
        unansweredProbes++
        firesAt = now + intervalMs
      } else {
        firesAt = now + delayMs - idle
      }
    }
    if (traffic.includes(now) || answers[0] === now) {
      if (answers[0] === now) answers.shift()
      heardAt = now
      unansweredProbes = 0
    }
    if (now % lookMs === 0) {
      history.see(fires(firesAt - now, { unansweredProbes }), now)
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
      const bounds = watch(delayMs, intervalMs, 400_000, { traffic })
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

/** Which probes are lost, of those that are sent while the look lasts. */
const losses: readonly [name: string, answered: (probe: number) => boolean][] = [
  ['the first', (probe) => probe !== 0],
  ['every third', (probe) => probe % 3 !== 2],
  ['every second', (probe) => probe % 2 === 1],
  ['two of three', (probe) => probe % 3 === 0],
  ['three of four', (probe) => probe % 4 === 3],
  ['nine of ten', (probe) => probe % 10 === 9],
  ['all', () => false],
  ['all but the first', (probe) => probe === 0],
]

t.test('re-arms for probes that nobody answers are not taken for a short delay', (t) => {
  for (const [delayMs, intervalMs] of [
    [7_200_000, 1_000],
    [7_200_000, 75_000],
    [600_000, 2_000],
    [45_000, 1_000],
    [45_000, 15_000],
  ] as const) {
    for (const [name, answered] of losses) {
      for (const rttMs of [0, 90, 700]) {
        // Until shortly before its end, where only the probes are seen.
        const idleMs = delayMs - 2_500
        for (const lookMs of [1_000, 1_070]) {
          const bounds = watch(delayMs, intervalMs, 240_000, { answered, rttMs, idleMs, lookMs })
          const short = bounds.filter((bound) => bound !== null && bound < delayMs - 1_000)
          const about = `${delayMs}, ${intervalMs} ms, lost: ${name}, ${rttMs} ms, ${lookMs} ms`
          t.strictSame(short, [], about)
        }
      }
    }
  }
  t.end()
})

t.test('an answer that a look is too early for costs no knowledge', (t) => {
  const bounds = watch(10_000, 2_000, 120_000, { rttMs: 950 })
  const known = bounds.filter((bound) => bound !== null)
  t.ok(
    known.length > 60 && Math.min(...known) >= 10_000 && Math.max(...known) <= 20_000,
    `${known}`,
  )
  t.end()
})

t.test('a long delay near its end is not taken for a short one', (t) => {
  // Two hours of which all but 29 seconds have passed: it probes, waits its 75 s, and is two hours again.
  const history = new TimerHistory()
  for (let now = 0; now < 29_000; now += 1_000) history.see(fires(29_000 - now), now)
  for (let now = 29_000; now < 104_000; now += 1_000) history.see(fires(104_000 - now), now)
  for (let now = 104_000; now < 200_000; now += 1_000) history.see(fires(7_229_000 - now), now)
  t.equal(history.longestDelayMs, null)
  t.end()
})

t.test('a timer that only counts down tells nothing, whatever the looks cost', (t) => {
  const history = new TimerHistory()
  for (let now = 0; now < 40_000; now += 977) history.see(fires(45_000 - now + (now % 50)), now)
  t.equal(history.longestDelayMs, null)
  t.end()
})

t.test('keepalive that was off in between begins anew', (t) => {
  const history = new TimerHistory()
  const see = (times: readonly number[]) => {
    for (const now of times) history.see(fires(1_000), now)
  }
  see([0, 1_000, 2_000])
  history.see(off, 2_500)
  see([3_000, 4_000, 5_000])
  t.equal(history.longestDelayMs, null)
  history.see(hidden(), 5_500)
  see([6_000, 7_000, 8_000])
  t.equal(history.longestDelayMs, null)
  see([9_000])
  t.equal(history.longestDelayMs, 2_000)
  t.end()
})
