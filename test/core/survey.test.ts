import t from 'tap'
import type { Result } from './compare-tests'
import type { Outcome } from './outcome'
import { survey } from './survey'

const outcome = (status: Outcome['status'], stderr = '', stdout = ''): Outcome => ({
  status,
  stdout,
  stderr,
})
const passed = outcome('passed')

function result(name: string, bare: Outcome[], hooked: Outcome[], family = 'net'): Result {
  return { test: { name, family, argv: [] }, bare, hooked }
}

const plenty = Array.from({ length: 100 }, (_, index) =>
  result(`fine-${index}`, [passed], [passed]),
)
const asserts = result('asserts', [passed], [outcome('failed', 'line\nError: 45 !== 0')])
const name = {
  name: 'asserts',
  aspects: ['status', 'stderr'],
  shows: /45 !== 0/,
  reason: 'It asserts the delay.',
} as const

t.test('a table and the names of those that did not simply pass', async (t) => {
  const { text, complaints } = survey(
    [
      ...plenty,
      asserts,
      result('old', [outcome('failed', 'Error: old')], [outcome('failed', 'Error: old')]),
      result(
        'dry',
        [outcome('skipped', '', 'N..N # Skipped: no tool')],
        [outcome('skipped', '', 'N..N # Skipped: no tool')],
      ),
      result('dice', [passed, outcome('failed')], [passed]),
      result('other', [passed], [passed], 'websocket-stream'),
    ],
    [name],
  )
  t.strictSame(complaints, [])
  t.match(text, /^all {20}101 {9}1 {9}1 {9}1 {9}1$/m)
  t.match(text, /^net +100 +1 +1 +1 +1$/m)
  t.match(text, /^websocket-stream {9}1 +0 +0 +0 +0$/m)
  for (const line of [
    'old: Error: old',
    'dry: no tool',
    'dice: 1 of 2 runs pass without the hook, 1 of 1 with it.',
    'asserts: It asserts the delay.',
  ]) {
    t.ok(text.split('\n').includes(`  ${line}`), line)
  }
})

for (const [what, results, named, complaint] of [
  [
    'a difference without a name',
    [asserts],
    [],
    /^asserts differs in status and stderr:\n- passed\n\+ failed\n- \n\+ line\n\+ Error: 45 !== 0$/,
  ],
  [
    'a difference in something else',
    [asserts],
    [{ ...name, aspects: ['stderr'] }],
    /^asserts differs/,
  ],
  [
    'a difference of another kind',
    [asserts],
    [{ ...name, shows: /ECONNRESET/ }],
    /^asserts differs/,
  ],
  [
    'a name that is not needed',
    [result('asserts', [passed], [passed])],
    [name],
    /^asserts no longer/,
  ],
] as const) {
  t.test(`${what} is complained of`, async (t) => {
    const { complaints } = survey([...plenty, ...results], [...named])
    t.equal(complaints.length, 1)
    t.match(complaints[0], complaint)
  })
}

t.test('a name of a test that other sources have is not', async (t) => {
  t.strictSame(survey(plenty, [name]).complaints, [])
})

t.test(
  'tests that fail both ways in great number are complained of, and none at all',
  async (t) => {
    const failed = outcome('failed')
    const many = plenty.map((one, index) =>
      index < 10 ? { ...one, bare: [failed], hooked: [failed] } : one,
    )
    t.match(survey(many, []).complaints, [
      'Of 100 tests only 90 pass without the hook and with it.',
    ])
    t.match(survey([], []).complaints, [/^Of 0 tests/])
  },
)
