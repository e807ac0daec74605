import t from 'tap'
import { type Age, IdleAges, recurrenceOf } from '../../../src/judge/idle-ages'

/** Seconds. */
function age(minIdle: number, maxIdle: number, endedAt: number): Age {
  return { minIdleMs: minIdle * 1_000, maxIdleMs: maxIdle * 1_000, endedAt: endedAt * 1_000 }
}

t.test('three ends at moments of their own after the same idle time are a recurrence', (t) => {
  const three = [age(118, 120, 1), age(119, 121, 500), age(118, 121, 900)]
  t.same(recurrenceOf(three), { count: 3, minIdleMs: 118_000, maxIdleMs: 121_000 })
  const others: readonly [string, readonly Age[]][] = [
    ['none', []],
    ['two', three.slice(1)],
    ['all at once, as where a peer goes away', three.map((one) => ({ ...one, endedAt: 5_000 }))],
    ['of different idle times', [age(20, 21, 1), age(70, 71, 500), age(118, 121, 900)]],
    ['not known well enough', [age(0, 120, 1), age(30, 121, 500), age(118, 121, 900)]],
    ['the last is not known well enough', [...three, age(10, 121, 1_300)]],
  ]
  for (const [name, ages] of others) t.equal(recurrenceOf(ages), null, name)
  const mixed = [age(20, 21, 0), ...three]
  t.equal(recurrenceOf(mixed)?.count, 3, 'others do not matter')
  t.end()
})

t.test('what is remembered has a bound', (t) => {
  const ages = new IdleAges()
  for (let at = 0; at < 50; at++) ages.note('db:1', age(60, 61, at * 100))
  t.same(ages.learned, [{ destination: 'db:1', count: 8, minIdleMs: 60_000, maxIdleMs: 61_000 }])
  for (let n = 0; n < 99; n++) ages.note(`other:${n}`, age(60, 61, n))
  t.equal(ages.learned.length, 1)
  ages.note('one-more:1', age(60, 61, 1))
  t.same(ages.learned, [], 'the one that was noted longest ago is forgotten')
  t.equal(ages.note('one-more:1', age(60, 61, 5)), null)
  t.equal(ages.note('one-more:1', age(60, 61, 9))?.count, 3)
  t.end()
})
