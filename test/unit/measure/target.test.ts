import t from 'tap'
import { parseTarget, resolveTarget } from '../../../src/measure/target'

const targets: readonly [text: string, expected: ReturnType<typeof parseTarget>][] = [
  ['db.example:5432', { host: 'db.example', port: 5432 }],
  ['192.0.2.1:1', { host: '192.0.2.1', port: 1 }],
  ['[2001:db8::1]:443', { host: '2001:db8::1', port: 443 }],
  ['2001:db8::1:443', null],
  ['[db.example]:443', null],
  ['db.example', null],
  ['db.example:', null],
  [':443', null],
  ['db.example:0', null],
  ['db.example:65536', null],
  ['db.example:4 4', null],
  ['a b:44', null],
  ['https://db.example:443', null],
]

t.test('HOST:PORT is read, and nothing else', (t) => {
  for (const [text, expected] of targets) t.same(parseTarget(text), expected, text)
  t.end()
})

t.test('an address stands for itself, and an unknown name is a sentence', async (t) => {
  t.same(await resolveTarget({ host: '192.0.2.1', port: 7 }), [
    { host: '192.0.2.1', port: 7, address: '192.0.2.1', addresses: ['192.0.2.1'] },
  ])
  const unknown = resolveTarget({ host: 'nobody.invalid', port: 7 })
  await t.rejects(unknown, /^The name nobody\.invalid has no address \(E\w+\)\.$/)
})
