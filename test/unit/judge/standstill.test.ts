import t from 'tap'
import { stillMsOf, withStandstill } from '../../../src/judge/standstill'

t.test(
  'a timer that comes late tells of a standstill, and one that is a little late does not',
  (t) => {
    t.same(withStandstill([], 5_000, 7_999), [])
    t.same(withStandstill([], 5_000, 8_000), [{ from: 5_000, to: 8_000 }])
    let known = withStandstill([], 0, 3_000)
    for (const at of [10_000, 20_000, 30_000, 40_000]) known = withStandstill(known, at, at + 3_000)
    t.same(
      known.map(({ from }) => from),
      [10_000, 20_000, 30_000, 40_000],
      'the last four are kept',
    )
    t.end()
  },
)

t.test('how long of an idle time a process stood still', (t) => {
  const standstills = [{ from: 100_000, to: 150_000 }]
  const table: readonly [endedAt: number, maxIdleMs: number, expected: number][] = [
    [150_100, 60_000, 50_000],
    // It ended before the timer could come.
    [140_000, 60_000, 40_000],
    [100_500, 60_000, 0],
    // It began to be idle in it.
    [150_100, 46_000, 45_900],
    // It began to be idle after that.
    [200_000, 40_000, 0],
    [90_000, 60_000, 0],
  ]
  for (const [endedAt, maxIdleMs, expected] of table) {
    t.equal(stillMsOf({ endedAt, maxIdleMs }, standstills), expected, `${endedAt}, ${maxIdleMs}`)
  }
  const waited = { endedAt: 150_100, maxIdleMs: 60_000 }
  t.equal(stillMsOf({ ...waited, usedAt: 150_000 }, standstills), 50_000, 'used after it')
  t.equal(stillMsOf({ ...waited, usedAt: 99_000 }, standstills), 0, 'used before it')
  t.equal(stillMsOf({ endedAt: 150_000, maxIdleMs: 60_000 }, []), 0)
  t.end()
})
