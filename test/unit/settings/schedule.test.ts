import t from 'tap'
import { parseDuration } from '../../../src/settings/duration'
import {
  deathNoticedMs,
  outageSurvivedMs,
  type Schedule,
  scheduleFor,
} from '../../../src/settings/schedule'

t.test(
  'the delay is 45 s, or a quarter of a short limit; a silent path is borne for 6 minutes',
  (t) => {
    const table: readonly [limit: string, delay: number, interval: number, probes: number][] = [
      // 127 probes are not enough, and the interval grows, to half of the limit at the most.
      ['2s', 1, 1, 127],
      ['3999ms', 1, 1, 127],
      ['5s', 1, 2, 127],
      ['7999ms', 1, 3, 120],
      ['8s', 2, 3, 120],
      ['59999ms', 14, 14, 26],
      ['60s', 15, 15, 24],
      ['64s', 16, 15, 24],
      ['179999ms', 44, 15, 24],
      ['3m', 45, 15, 24],
      ['4m', 45, 15, 24],
      ['350s', 45, 15, 25],
      ['10m', 45, 15, 41],
      ['1h', 45, 29, 125],
    ]
    for (const [limit, delay, interval, probes] of table) {
      const limitMs = parseDuration(limit) as number
      const { giveUpMs, ...schedule } = scheduleFor(limitMs)
      const expected = { delayMs: delay * 1_000, intervalMs: interval * 1_000, probes }
      t.same(schedule, expected, `limit ${limit}`)
      t.ok(giveUpMs >= 360_000 && giveUpMs > limitMs)
    }
    t.end()
  },
)

t.test('what was chosen stays, and the rest follows from it', (t) => {
  const of = (chosen: Parameters<typeof scheduleFor>[1]) => {
    const { delayMs, intervalMs, probes } = scheduleFor(240_000, chosen)
    return [delayMs / 1_000, intervalMs / 1_000, probes]
  }
  t.same(of({ giveUpMs: 60_000 }), [45, 15, 4])
  t.same(of({ giveUpMs: 61_000 }), [45, 15, 5], 'rather a probe more')
  t.same(of({ probes: 4 }), [45, 15, 4], 'it wins')
  t.same(of({ probes: 4, giveUpMs: 3_600_000 }), [45, 15, 4])
  t.same(of({ intervalMs: 1_000 }), [45, 1, 127], 'an interval that was chosen does not grow')
  t.same(of({ giveUpMs: 3_600_000 }), [45, 29, 125])
  t.same(of({ giveUpMs: 32_767_000 }), [45, 120, 127], 'half of the limit at the most')
  t.same(of({ delayMs: 5_000 }), [5, 5, 72])
  t.end()
})

t.test('probes always come before the limit, and are borne as long as the kernel can', (t) => {
  const wrong: number[] = []
  for (let limitMs = 2000; limitMs < 400_000; limitMs += 501) {
    const schedule = scheduleFor(limitMs)
    const { delayMs, intervalMs, probes, giveUpMs } = schedule
    const whole = delayMs % 1_000 === 0 && intervalMs % 1_000 === 0
    const borne = probes === 127 || intervalMs * probes >= giveUpMs
    const inTime = Math.max(delayMs, intervalMs) < limitMs
    if (!whole || !borne || !inTime || probes > 127) wrong.push(limitMs)
  }
  t.same(wrong, [])
  t.end()
})

/** tcp_keepalive_timer, for a path that is dead from `from` up to `to` after the last packet. */
function kernelGivesUpAt({ delayMs, intervalMs, probes }: Schedule, from: number, to: number) {
  let lastHeard = 0
  let out = 0
  for (let now = delayMs; now < to + delayMs + intervalMs; ) {
    const idle = now - lastHeard
    if (idle < delayMs) {
      now += delayMs - idle
      continue
    }
    if (out >= probes) return now
    if (now >= from && now <= to) out++
    else {
      lastHeard = now
      out = 0
    }
    now += intervalMs
  }
  return null
}

const schedules: readonly Schedule[] = [
  scheduleFor(240_000),
  scheduleFor(10_000),
  { delayMs: 45_000, intervalMs: 1000, probes: 10 },
  { delayMs: 1000, intervalMs: 1000, probes: 1 },
  { delayMs: 7200_000, intervalMs: 75_000, probes: 9 },
]

t.test('a death is noticed when the kernel gives up', (t) => {
  t.equal(deathNoticedMs(scheduleFor(240_000)), 405_000)
  // Measured in facts/node-keepalive.md: a delay of 1 s died at 11.3 s, of 2 s at 12.3 s.
  t.equal(deathNoticedMs({ delayMs: 1000, intervalMs: 1000, probes: 10 }), 11_000)
  t.equal(deathNoticedMs({ delayMs: 2000, intervalMs: 1000, probes: 10 }), 12_000)
  for (const schedule of schedules) {
    t.equal(kernelGivesUpAt(schedule, 1, 1e9), deathNoticedMs(schedule))
  }
  t.end()
})

t.test('an outage that is shorter is survived, one as long can kill', (t) => {
  t.equal(outageSurvivedMs(scheduleFor(240_000)), 345_000)
  // Measured: all survived 8 s, 20 s killed 1/10 and spared (5000, 9).
  t.equal(outageSurvivedMs({ delayMs: 1000, intervalMs: 1000, probes: 10 }), 9000)
  t.equal(outageSurvivedMs({ delayMs: 2000, intervalMs: 5000, probes: 9 }), 40_000)
  t.equal(outageSurvivedMs({ delayMs: 45_000, intervalMs: 15_000, probes: 1 }), 0)
  for (const schedule of schedules) {
    const survived = outageSurvivedMs(schedule)
    const starts = Array.from({ length: 200 }, (_, i) => ((i + 1) * schedule.delayMs) / 100)
    const killed = starts.filter((at) => kernelGivesUpAt(schedule, at, at + survived - 1) !== null)
    t.same(killed, [], `${JSON.stringify(schedule)} survives ${survived - 1} ms wherever it begins`)
    t.not(kernelGivesUpAt(schedule, schedule.delayMs, schedule.delayMs + survived), null)
  }
  t.end()
})
