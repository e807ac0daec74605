import t from 'tap'
import { type Conclusion, conclude, fitting, limitToSet } from '../../../src/measure/conclude'
import type { Outcome, Rung } from '../../../src/measure/rung'
import { profiles } from '../../../src/settings/profiles'

function rung(silentMs: number, outcome: Outcome): Rung {
  return { plannedMs: silentMs, silentMs, outcome }
}

const control = rung(2_000, 'answered')

function of(...rungs: [number, Outcome][]): Conclusion {
  return conclude({ control, rungs: rungs.map((one) => rung(...one)), swallowedAfterMs: null })
}

const cases: readonly [name: string, conclusion: Conclusion, expected: Partial<Conclusion>][] = [
  ['only the control', of(), { kind: 'none', atLeastMs: 2_000 }],
  [
    'all answered',
    of([5_000, 'answered'], [9_000, 'answered']),
    { kind: 'none', atLeastMs: 9_000 },
  ],
  [
    'reset between',
    of([345_000, 'answered'], [355_000, 'reset'], [900_000, 'stopped']),
    { kind: 'limit', atLeastMs: 345_000, lessThanMs: 355_000, meets: 'reset', early: false },
  ],
  [
    'silence between',
    of([235_000, 'answered'], [245_000, 'unanswered']),
    { kind: 'limit', atLeastMs: 235_000, lessThanMs: 245_000, meets: 'nothing' },
  ],
  ['both', of([5_000, 'reset'], [6_000, 'unanswered']), { kind: 'limit', meets: 'both' }],
  [
    'reset before anything was sent',
    of([200_000, 'answered'], [240_000, 'reset-early']),
    { kind: 'limit', early: true, atLeastMs: 200_000, lessThanMs: 240_000 },
  ],
  [
    'closed',
    of([3_000, 'answered'], [4_010, 'closed'], [4_020, 'closed']),
    { kind: 'closes', atLeastMs: 3_000, closesFromMs: 4_010, closesToMs: 4_020 },
  ],
  [
    'a limit below what the server would close at',
    of([3_000, 'reset'], [4_000, 'closed']),
    { kind: 'limit', lessThanMs: 3_000 },
  ],
  [
    'remembered for longer than forgotten',
    of([5_000, 'answered'], [6_000, 'reset'], [9_000, 'answered']),
    { kind: 'mixed', atLeastMs: 5_000, lessThanMs: 6_000 },
  ],
  [
    'nothing follows from what is unclear',
    of([5_000, 'unclear']),
    { kind: 'none', atLeastMs: 2_000 },
  ],
]

for (const [name, conclusion, expected] of cases) {
  t.test(name, async (t) => {
    t.match(conclusion, expected)
  })
}

t.test('without an answered control there is no limit', (t) => {
  const rungs = [rung(5_000, 'unclear')]
  const swallowed = { control: rung(2_000, 'unanswered'), rungs, swallowedAfterMs: null }
  t.match(conclude(swallowed), { kind: 'swallowed', afterMs: 0, atLeastMs: null })
  t.match(conclude({ control: null, rungs, swallowedAfterMs: null }), { kind: 'unknown' })
  const later = { control, rungs: [rung(60_000, 'answered')], swallowedAfterMs: 90_000 }
  t.match(conclude(later), { kind: 'swallowed', afterMs: 90_000, atLeastMs: 60_000 })
  t.match(
    conclude({ control: rung(0, 'speaks'), rungs: [rung(0, 'speaks')], swallowedAfterMs: null }),
    { kind: 'speaks', atLeastMs: null },
  )
  t.end()
})

t.test('only middleboxes of that limit and that way fit', (t) => {
  const ids = (conclusion: Conclusion) => fitting(conclusion, profiles).map(({ id }) => id)
  const reset = ids(of([345_000, 'answered'], [355_000, 'reset']))
  t.ok(reset.includes('aws-nat-gateway'))
  t.ok(reset.includes('aws-nlb'), 'what happens there is not known, so it may be')
  t.notOk(reset.includes('aws-network-firewall'), 'it drops')
  t.notOk(reset.includes('aws-global-accelerator'), '340 s')
  const silent = ids(of([345_000, 'answered'], [355_000, 'unanswered']))
  t.notOk(silent.includes('aws-nat-gateway'))
  t.ok(silent.includes('aws-network-firewall'))
  t.same(ids(of([50_000, 'answered'], [60_010, 'closed'])), ['aws-alb'])
  t.same(ids(of([4_000, 'answered'], [5_000, 'reset'])), [])
  t.same(ids(of([400_000, 'answered'])), [])
  t.end()
})

t.test('the limit to set is what was remembered, in whole seconds', (t) => {
  t.equal(limitToSet(of([4_890, 'answered'], [5_010, 'reset'])), 4)
  t.equal(limitToSet(of([4_890, 'answered'])), null, 'no limit was found')
  t.equal(
    limitToSet(conclude({ control: null, rungs: [rung(900, 'reset')], swallowedAfterMs: null })),
    null,
  )
  t.end()
})
