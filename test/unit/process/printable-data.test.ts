import t from 'tap'
import { printableData } from '../../../src/process/printable-data'

t.test('the texts of plain data are printable, and nothing else is changed', (t) => {
  const data = {
    host: 'db\n.internal\u202e',
    count: 2,
    none: null,
    left: undefined,
    yes: true,
    list: ['a\u0085', 1, { 'k\u001b': 'v\u200b' }],
  }
  t.strictSame(printableData(data), {
    host: 'db\\n.internal\\u202e',
    count: 2,
    none: null,
    left: undefined,
    yes: true,
    list: ['a\\u0085', 1, { 'k\\u001b': 'v\\u200b' } as never],
  })
  t.equal(data.host, 'db\n.internal\u202e', 'it is a copy')
  t.end()
})

t.test('long texts are cut', (t) => {
  t.strictSame(printableData({ a: 'abcdef', b: ['abcdef'] }, 3), { a: 'abc...', b: ['abc...'] })
  t.end()
})

t.test('an object that leads back to itself has an end', (t) => {
  const loop: { self?: unknown; name: string } = { name: 'x' }
  loop.self = loop
  const copy = JSON.stringify(printableData(loop))
  t.ok(copy.length < 200, copy)
  t.end()
})
