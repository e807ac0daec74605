import t from 'tap'
import { differencesOf, isUneven, type Outcome } from './outcome'

const outcome = (status: Outcome['status'], stdout = ''): Outcome => ({
  status,
  stdout,
  stderr: '',
})
const passed = outcome('passed')
const failed = outcome('failed')
const [a, b, c] = ['a', 'b', 'c'].map((text) => outcome('passed', text)) as [
  Outcome,
  Outcome,
  Outcome,
]

for (const [name, bare, hooked, differences] of [
  ['the same', [passed, passed], [passed, passed], []],
  ['failing both ways', [failed], [failed], []],
  ['failing with the hook', [passed, passed], [failed, failed], ['status']],
  ['failing with the hook now and then', [passed, passed], [passed, failed], ['status']],
  ['passing with the hook only', [failed, failed], [passed, passed], ['status']],
  ['failing now and then both ways', [passed, failed], [failed, passed], []],
  ['failing now and then without the hook, always with it', [passed, failed], [failed], ['status']],
  ['failing now and then without the hook only', [passed, failed], [passed, passed], []],
  ['printing something else', [a, a], [b, b], ['stdout']],
  ['printing something else now and then', [a, a], [a, b], []],
  ['printing this and that where it printed one', [a, a], [b, c], ['stdout']],
  ['printing by chance', [a, b], [c, a], []],
  ['both', [a, a], [failed], ['status', 'stdout']],
] as const) {
  t.test(`a test ${name}`, async (t) => {
    t.strictSame(differencesOf({ bare: [...bare], hooked: [...hooked] }), differences)
  })
}

t.test('runs are even where all are alike in everything', async (t) => {
  t.equal(isUneven({ bare: [a, a], hooked: [a] }), false)
  t.equal(isUneven({ bare: [a], hooked: [b] }), true)
  t.equal(isUneven({ bare: [a, { ...a, stderr: 'warning' }], hooked: [a] }), true)
})
