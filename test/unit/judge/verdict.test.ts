import t from 'tap'
import { exceeds, judge, type Schedule, type Verdict } from '../../../src/judge/verdict'
import { type KernelWord, unknown, unreadable } from '../../../src/kernel/kernel-word'
import { fires, hidden, off } from '../../kernel-words'

const limitMs = 240_000
const hourMs = 3_600_000

const nothing: Schedule = { delayMs: null, intervalMs: null, probes: null }
const ours: Schedule = { delayMs: 45_000, intervalMs: 15_000, probes: 4 }
/** With the interval and count that libuv sets. */
const after = (delayMs: number): Schedule => ({ delayMs, intervalMs: 1_000, probes: 10 })

const table: readonly [
  name: string,
  word: KernelWord,
  ageMs: number | null,
  schedule: Schedule,
  verdict: Verdict['verdict'],
][] = [
  ['off', off, 0, nothing, 'at-risk'],
  ['off, whatever was put on it', off, hourMs, ours, 'at-risk'],
  ['7199 s left', fires(7_199_000), 1_000, nothing, 'at-risk'],
  ['7199 s left, whatever was put on it', fires(7_199_000), 1_000, ours, 'at-risk'],
  ['exactly the limit left', fires(240_000), 0, nothing, 'at-risk'],
  ['just below the limit left, age 0', fires(239_990), 0, nothing, 'safe'],
  ['just below the limit left, and some age', fires(239_990), 10, nothing, 'unknown'],
  ['little left, age known, together below the limit', fires(29_000), 210_000, nothing, 'safe'],
  ['little left, age known, together the limit', fires(29_000), 211_000, nothing, 'unknown'],
  ['29 s left, of two hours or of half a minute', fires(29_000), 2 * hourMs, nothing, 'unknown'],
  ['nothing left, and old', fires(0), hourMs, nothing, 'unknown'],
  ['nothing left, and young', fires(0), 1_000, nothing, 'safe'],
  ['nothing left, and of no known age', fires(0), null, nothing, 'unknown'],
  ['of no known age, the delay is known', fires(29_000), null, ours, 'safe'],
  ['the delay is known, and old', fires(29_000), 2 * hourMs, ours, 'safe'],
  ['the delay is known, all of it left', fires(45_000), hourMs, ours, 'safe'],
  ['the delay is known, rounded up by an eighth', fires(50_620), hourMs, ours, 'safe'],
  ['the delay is known, but more is left', fires(51_000), hourMs, ours, 'unknown'],
  ['the delay is known, but more is left, and young', fires(51_000), 60_000, ours, 'safe'],
  [
    'the delay is known to be just below the limit, rounded up',
    fires(260_000),
    hourMs,
    after(239_000),
    'safe',
  ],
  [
    'a sample above the limit, within the rounding',
    { ...fires(29_000), leastDelayMs: 260_000 },
    hourMs,
    nothing,
    'unknown',
  ],
  [
    'a sample above what the rounding explains',
    { ...fires(29_000), leastDelayMs: 271_000 },
    hourMs,
    nothing,
    'at-risk',
  ],
  [
    'the delay is known, whatever a sample says',
    { ...fires(29_000), leastDelayMs: 271_000 },
    hourMs,
    after(239_000),
    'safe',
  ],
  ['the delay is a useless one, little left', fires(29_000), hourMs, after(7_200_000), 'at-risk'],
  ['the delay is a useless one, and young', fires(29_000), 1_000, after(7_200_000), 'at-risk'],
  ['the delay is the limit', fires(29_000), hourMs, after(240_000), 'at-risk'],
  ['the delay is a second below the limit', fires(29_000), hourMs, after(239_000), 'safe'],
  // After a probe the timer runs for the interval, which can be the longer of the two.
  [
    'more left than the delay',
    fires(9_000),
    hourMs,
    { ...after(5_000), intervalMs: 15_000 },
    'safe',
  ],
  ['an interval of the limit', fires(9_000), 0, { ...ours, intervalMs: 240_000 }, 'at-risk'],
  [
    'an interval of the limit, nothing else known, young',
    fires(9_000),
    0,
    { ...nothing, intervalMs: 240_000 },
    'unknown',
  ],
  ['unacknowledged data', hidden(), 0, ours, 'unknown'],
  ['unacknowledged data, long ago', hidden(), hourMs, nothing, 'unknown'],
  ['not in the table', unknown('it is missing'), hourMs, ours, 'unknown'],
  ['no table', unreadable('there is none'), 0, ours, 'unknown'],
  ['closed by the peer, armed', fires(1_000, { state: 'close-wait' }), 0, ours, 'at-risk'],
  ['closed by the peer, off', { ...off, state: 'close-wait' }, 0, nothing, 'at-risk'],
  ['closed by the peer, hidden', hidden({ state: 'close-wait' }), 0, ours, 'at-risk'],
  ['ended by the program', fires(1_000, { state: 'fin-wait-2' }), 0, ours, 'safe'],
  ['one probe may be on its way', fires(14_000, { unansweredProbes: 1 }), 0, ours, 'unknown'],
  ['one probe, too late anyway', fires(240_000, { unansweredProbes: 1 }), 0, nothing, 'at-risk'],
  [
    'the only probe there is',
    fires(900, { unansweredProbes: 1 }),
    0,
    { ...ours, probes: 1 },
    'dying',
  ],
  ['two unanswered probes', fires(14_000, { unansweredProbes: 2 }), 0, ours, 'dying'],
  ['two, and nothing known', fires(14_000, { unansweredProbes: 2 }), null, nothing, 'dying'],
  [
    'two, and closed by the peer',
    fires(1, { unansweredProbes: 2, state: 'close-wait' }),
    0,
    ours,
    'dying',
  ],
  // The program switched keepalive off: nothing ends it, and nothing keeps it.
  ['two, and off', { ...off, unansweredProbes: 2 }, 0, nothing, 'at-risk'],
  ['sent again twice', hidden({ retransmits: 2, unackedBytes: 1 }), 0, ours, 'unknown'],
  ['sent again three times', hidden({ retransmits: 3, unackedBytes: 1 }), 0, ours, 'dying'],
  ['a closed window, two probes', hidden({ unansweredProbes: 2 }), 0, ours, 'unknown'],
  ['a closed window, three probes', hidden({ unansweredProbes: 3 }), 0, ours, 'dying'],
  // Zero where a kernel does not count.
  ['a kernel that does not count', fires(1_000), null, ours, 'safe'],
]

for (const [name, word, ageMs, schedule, verdict] of table) {
  t.test(`${name}: ${verdict}`, (t) => {
    const judged = judge({ word, ageMs, schedule, limitMs })
    t.equal(judged.verdict, verdict)
    t.match(judged.reason, /^[A-Z\d][^.]*\.$/, 'one sentence')
    t.notMatch(judged.reason, /null|undefined|NaN/)
    t.end()
  })
}

t.test('the reason has the numbers', (t) => {
  const reasons: readonly [KernelWord, number, Schedule, string][] = [
    [off, 0, nothing, 'Keepalive is off; the path forgets it after 4m.'],
    [
      fires(7_199_000),
      0,
      nothing,
      'The first probe comes in 1h59m59s, but the path forgets it after 4m.',
    ],
    [
      fires(29_000),
      hourMs,
      after(600_000),
      'The first probe comes after 10m idle, but the path forgets it after 4m.',
    ],
    [
      fires(9_000),
      hourMs,
      { ...ours, intervalMs: 300_000 },
      'Probes come 5m apart, but the path forgets it after 4m.',
    ],
    [fires(28_990), hourMs, ours, 'The kernel probes after 45s idle; its timer fires in 29s.'],
    [fires(29_000), 60_500, nothing, 'The kernel probes after 1m30s idle at the latest.'],
    [
      fires(29_000),
      hourMs,
      nothing,
      'Keepalive is on and its timer fires in 29s, but a delay beyond 4m that was set long ago ' +
        'would look the same.',
    ],
    [hidden(), 0, ours, 'It is not known: it hides.'],
    [
      fires(1, { state: 'close-wait' }),
      0,
      ours,
      'The peer has closed it: nothing more will come, and the program has not ended it.',
    ],
    [
      fires(1, { unansweredProbes: 1 }),
      0,
      ours,
      'A probe went out and is not answered yet; another look tells more.',
    ],
  ]
  for (const [word, ageMs, schedule, reason] of reasons) {
    t.equal(judge({ word, ageMs, schedule, limitMs }).reason, reason)
  }
  t.end()
})

t.test('a dying connection: how many are unanswered, and when the kernel gives up', (t) => {
  const when = 'when the kernel gives it up is not known'
  const dying: readonly [KernelWord, Schedule, string][] = [
    // What is left on the timer, and an interval after each probe that is to come.
    [
      fires(3_000, { unansweredProbes: 2 }),
      ours,
      '2 probes in a row have gone unanswered; the kernel gives it up in about 33s.',
    ],
    [
      fires(3_000, { unansweredProbes: 4 }),
      ours,
      '4 probes in a row have gone unanswered; the kernel gives it up in about 3s.',
    ],
    [
      fires(490, { unansweredProbes: 9 }),
      after(2_000),
      '9 probes in a row have gone unanswered; the kernel gives it up in about 2s.',
    ],
    [
      fires(2_000, { unansweredProbes: 1 }),
      { ...ours, probes: 1 },
      'The last probe has gone unanswered; the kernel gives it up in about 2s.',
    ],
    [
      fires(3_000, { unansweredProbes: 2 }),
      nothing,
      `2 probes in a row have gone unanswered; ${when}.`,
    ],
    // More than was put on it: then it has other times.
    [
      fires(17_000, { unansweredProbes: 2 }),
      ours,
      `2 probes in a row have gone unanswered; ${when}.`,
    ],
    [
      fires(3_000, { unansweredProbes: 5 }),
      ours,
      `5 probes in a row have gone unanswered; ${when}.`,
    ],
    [hidden({ unansweredProbes: 3 }), ours, `3 probes in a row have gone unanswered; ${when}.`],
    [
      hidden({ retransmits: 4, unackedBytes: 1_234 }),
      ours,
      `1234 bytes are unacknowledged although data was sent again 4 times; ${when}.`,
    ],
    [
      hidden({ retransmits: 3, unackedBytes: 1, unansweredProbes: 4 }),
      ours,
      `A byte is unacknowledged although data was sent again 3 times; ${when}.`,
    ],
  ]
  for (const [word, schedule, reason] of dying) {
    t.strictSame(judge({ word, ageMs: 0, schedule, limitMs }), { verdict: 'dying', reason })
  }
  t.end()
})

t.test('what something else has changed is not known, whatever was put there', (t) => {
  const changed = (word: KernelWord, ageMs: number | null = hourMs) =>
    judge({ word, ageMs, schedule: ours, changedBehind: true, limitMs })
  t.strictSame(changed(fires(2_000)), {
    verdict: 'unknown',
    reason:
      'Keepalive is on and its timer fires in 2s, but it once had more left than what was put on ' +
      'it: something else has changed that.',
  })
  t.equal(changed(fires(300_000)).verdict, 'at-risk')
  t.equal(changed(fires(2_000), 10_000).verdict, 'safe', 'a known age is proof by itself')
  t.match(changed(fires(3_000, { unansweredProbes: 2 })).reason, /gives it up is not known\.$/)
  t.end()
})

t.test('where there is no table, what was put on the socket is said', (t) => {
  const word = unreadable('there is no /proc on darwin')
  const plain = {
    verdict: 'unknown',
    reason: 'It is not known: there is no /proc on darwin.',
  } as const
  const judged = (schedule: Schedule) => judge({ word, ageMs: 0, schedule, limitMs })
  t.strictSame(judged(ours), {
    verdict: 'unknown',
    reason:
      'A first probe after 45s idle was set on it, and whether it runs is not known: there is no ' +
      '/proc on darwin.',
    set: 'A first probe after 45s idle was set on it.',
  })
  t.strictSame(judged(nothing), plain)
  t.strictSame(judged(after(limitMs)), plain, 'a delay beyond the limit is no comfort')
  t.end()
})

t.test('a timer exceeds what was put on the socket by more than an eighth', (t) => {
  const slow: Schedule = { delayMs: 5_000, intervalMs: 15_000, probes: 4 }
  const cases: readonly [KernelWord, Schedule, boolean][] = [
    [fires(45_000), ours, false],
    [fires(50_625), ours, false],
    [fires(50_630), ours, true],
    [fires(16_000), slow, false],
    [fires(17_000), slow, true],
    [fires(6_000), { ...slow, intervalMs: null }, true],
    [fires(7_200_000), nothing, false],
    [off, ours, false],
    [hidden(), ours, false],
  ]
  for (const [word, schedule, expected] of cases) {
    t.equal(exceeds(word, schedule), expected, JSON.stringify([word.nextTimerMs, schedule]))
  }
  t.end()
})

t.test('a higher limit makes no verdict worse', (t) => {
  const goodness = ['dying', 'at-risk', 'unknown', 'safe']
  for (const [name, word, ageMs, schedule] of table) {
    const verdicts = [1_000, 60_000, 240_000, 350_000, 7_440_000, 432_000_000].map((limitMs) =>
      goodness.indexOf(judge({ word, ageMs, schedule, limitMs }).verdict),
    )
    t.same(verdicts, [...verdicts].sort(), `${name}: ${verdicts}`)
  }
  t.end()
})
