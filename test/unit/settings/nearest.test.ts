import t from 'tap'
import { nearest } from '../../../src/settings/nearest'

const known = ['NAT_KEEPALIVE_LIMIT', 'NAT_KEEPALIVE_DELAY', 'NAT_KEEPALIVE']

t.test('the nearest is the one with the fewest mistakes', (t) => {
  const table: readonly [text: string, name: string | null][] = [
    ['NAT_KEEPALIVE_LIMIT', 'NAT_KEEPALIVE_LIMIT'],
    ['nat_keepalive_limit', 'NAT_KEEPALIVE_LIMIT'],
    ['NAT_KEEPALIVE_LIMITS', 'NAT_KEEPALIVE_LIMIT'],
    ['NAT_KEEPALIVE_LMIT', 'NAT_KEEPALIVE_LIMIT'],
    ['NAT_KEEPALIVE_DELEY', 'NAT_KEEPALIVE_DELAY'],
    ['KEEPALIVE', null],
    ['PATH', null],
    ['', null],
  ]
  for (const [text, name] of table) t.equal(nearest(text, known), name, text)
  t.end()
})

t.test('a short word may have two mistakes, a long one a third of its letters', (t) => {
  t.equal(nearest('of', ['off']), 'off')
  t.equal(nearest('axy', ['abc']), 'abc')
  t.equal(nearest('xyz', ['abc']), null)
  t.equal(nearest('abcdefxyz', ['abcdefghi']), 'abcdefghi')
  t.equal(nearest('abcdewxyz', ['abcdefghi']), null)
  t.end()
})

t.test('nothing is near to a text that is too long to be a mistake', (t) => {
  t.equal(nearest('a'.repeat(65), ['a'.repeat(65)]), null)
  t.equal(nearest('a'.repeat(64), ['a'.repeat(64)]), 'a'.repeat(64))
  t.equal(nearest('a', []), null)
  t.end()
})
