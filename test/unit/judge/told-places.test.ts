import t from 'tap'
import { ToldPlaces } from '../../../src/judge/told-places'

t.test('each place is the first once', (t) => {
  const places = new ToldPlaces()
  t.strictSame(
    ['a', 'b', 'a', 'b', 'c'].map((key) => places.isFirst(key)),
    [true, true, false, false, true],
  )
  t.end()
})

t.test('a crawler of new places fills no memory, and nothing is told twice', (t) => {
  const places = new ToldPlaces()
  const told = Array.from({ length: 5_000 }, (_, index) => places.isFirst(`${index}`))
  t.equal(told.filter(Boolean).length, 1_000)
  t.ok(told.slice(0, 1_000).every(Boolean), 'the first ones')
  t.notOk(Array.from({ length: 5_000 }, (_, index) => places.isFirst(`${index}`)).some(Boolean))
  t.end()
})
