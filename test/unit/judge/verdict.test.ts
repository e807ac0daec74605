import t from 'tap'
import { judge, type Verdict } from '../../../src/judge/verdict'
import { type KernelWord, unknown } from '../../../src/kernel/kernel-word'

const limitMs = 240_000
const hourMs = 3_600_000

const off: KernelWord = { armed: false, nextTimerMs: null, why: null, passing: false }

/** The timer of keepalive runs and fires in so many milliseconds. */
function fires(nextTimerMs: number): KernelWord {
  return { armed: true, nextTimerMs, why: null, passing: false }
}

const table: readonly [
  name: string,
  word: KernelWord,
  ageMs: number,
  delayMs: number | null,
  verdict: Verdict['verdict'],
][] = [
  ['off', off, 0, null, 'at-risk'],
  ['off, whatever was put on it', off, hourMs, 45_000, 'at-risk'],
  ['7199 s left', fires(7_199_000), 1_000, null, 'at-risk'],
  ['7199 s left, whatever was put on it', fires(7_199_000), 1_000, 45_000, 'at-risk'],
  ['exactly the limit left', fires(240_000), 0, null, 'at-risk'],
  ['just below the limit left, age 0', fires(239_990), 0, null, 'safe'],
  ['just below the limit left, and some age', fires(239_990), 10, null, 'unknown'],
  ['little left, age known, together below the limit', fires(29_000), 210_000, null, 'safe'],
  ['little left, age known, together the limit', fires(29_000), 211_000, null, 'unknown'],
  ['29 s left, of two hours or of half a minute', fires(29_000), 2 * hourMs, null, 'unknown'],
  ['nothing left, and old', fires(0), hourMs, null, 'unknown'],
  ['nothing left, and young', fires(0), 1_000, null, 'safe'],
  ['the delay is known, and old', fires(29_000), 2 * hourMs, 45_000, 'safe'],
  ['the delay is known, all of it left', fires(45_000), hourMs, 45_000, 'safe'],
  ['the delay is known, rounded up by an eighth', fires(50_620), hourMs, 45_000, 'safe'],
  ['the delay is known, but more is left', fires(51_000), hourMs, 45_000, 'unknown'],
  ['the delay is known, but more is left, and young', fires(51_000), 60_000, 45_000, 'safe'],
  ['the delay is a useless one, little left', fires(29_000), hourMs, 7_200_000, 'at-risk'],
  ['the delay is a useless one, and young', fires(29_000), 1_000, 7_200_000, 'at-risk'],
  ['the delay is the limit', fires(29_000), hourMs, 240_000, 'at-risk'],
  ['the delay is a second below the limit', fires(29_000), hourMs, 239_000, 'safe'],
  ['unacknowledged data', unknown('it hides', true), 0, 45_000, 'unknown'],
  ['unacknowledged data, long ago', unknown('it hides', true), hourMs, null, 'unknown'],
  ['not in the table', unknown('it is missing'), hourMs, 45_000, 'unknown'],
]

for (const [name, word, ageMs, delayMs, verdict] of table) {
  t.test(`${name}: ${verdict}`, (t) => {
    const judged = judge({ word, ageMs, delayMs, limitMs })
    t.equal(judged.verdict, verdict)
    t.match(judged.reason, /^[A-Z][^.]*\.$/, 'one sentence')
    t.notMatch(judged.reason, /null|undefined|NaN/)
    t.end()
  })
}

t.test('the reason has the numbers', (t) => {
  const reasons: readonly [KernelWord, number, number | null, string][] = [
    [off, 0, null, 'Keepalive is off; the path forgets it after 4m.'],
    [
      fires(7_199_000),
      0,
      null,
      'The first probe comes in 1h59m59s, but the path forgets it after 4m.',
    ],
    [
      fires(29_000),
      hourMs,
      600_000,
      'The first probe comes after 10m idle, but the path forgets it after 4m.',
    ],
    [fires(28_990), hourMs, 45_000, 'The kernel probes after 45s idle; its timer fires in 29s.'],
    [fires(29_000), 60_500, null, 'The kernel probes after 1m30s idle at the latest.'],
    [
      fires(29_000),
      hourMs,
      null,
      'Keepalive is on and its timer fires in 29s, but a delay beyond 4m that was set long ago ' +
        'would look the same.',
    ],
    [
      unknown('there is no /proc on darwin'),
      0,
      null,
      'It is not known: there is no /proc on darwin.',
    ],
  ]
  for (const [word, ageMs, delayMs, reason] of reasons) {
    t.equal(judge({ word, ageMs, delayMs, limitMs }).reason, reason)
  }
  t.end()
})

t.test('a higher limit makes no verdict worse', (t) => {
  const goodness = ['at-risk', 'unknown', 'safe']
  for (const [name, word, ageMs, delayMs] of table) {
    const verdicts = [1_000, 60_000, 240_000, 350_000, 7_440_000, 432_000_000].map((limitMs) =>
      goodness.indexOf(judge({ word, ageMs, delayMs, limitMs }).verdict),
    )
    t.same(verdicts, [...verdicts].sort(), `${name}: ${verdicts}`)
  }
  t.end()
})
