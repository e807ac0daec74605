import t from 'tap'
import { problem } from '../../../src/settings/problem'
import { hostile, obeyed } from '../../hostile'

t.test('a problem begins with the name and the value, as far as there is one', (t) => {
  const table: readonly [value: unknown, subject: string, shown: string][] = [
    ['10s', 'delay="10s"', '10s'],
    ['', 'delay=""', ''],
    [undefined, 'delay', ''],
    [5, 'delay=5', '5'],
    [null, 'delay=null', 'null'],
    [false, 'delay=false', 'false'],
    [5n, 'delay=5n', '5n'],
    [{}, 'delay=an object', 'an object'],
    [() => {}, 'delay=a function', 'a function'],
    [Symbol('s'), 'delay=a symbol', 'a symbol'],
  ]
  for (const [value, subject, shown] of table) {
    t.strictSame(problem('delay', value, 'was refused.'), {
      variable: 'delay',
      value: shown,
      message: `${subject} was refused.`,
    })
  }
  t.end()
})

t.test('an object is never asked for its text', (t) => {
  const fail = () => {
    throw new Error('asked')
  }
  const asked = { toString: fail, toJSON: fail, [Symbol.toPrimitive]: fail }
  t.match(problem('delay', asked, 'was refused.'), { value: 'an object' })
  t.end()
})

t.test('what is hostile or long breaks no log', (t) => {
  const { variable, value, message } = problem(hostile, hostile, 'was refused.')
  for (const text of [variable, value, message]) t.strictSame(obeyed(text), [])
  t.notMatch(message, '\n')
  t.ok(problem('a'.repeat(999), 'b'.repeat(999), '').message.length < 200)
  t.end()
})
