import t from 'tap'
import { judgeSeen, type Seen } from '../../../src/outside/outside-socket'
import { fires, hidden, off } from '../../kernel-words'

const limitMs = 240_000
const options = {
  keepalive: true,
  delayMs: 45_000,
  intervalMs: 15_000,
  probes: 4,
  userTimeoutMs: null,
}
const busy = hidden({ why: 'unacknowledged data hides its keepalive timer' })
const nothing = { options: null, times: null }
/** Idle for 21 minutes; the peer answered 20 s ago. */
const answered = { lastSentMs: 1_260_000, lastReceivedMs: 1_260_100, lastAnswerMs: 20_000 }

const table: readonly [title: string, seen: Seen, verdict: string, reason: RegExp][] = [
  [
    'options are known at once, whatever the age',
    { ...nothing, word: fires(25_000), options },
    'safe',
    /after 45s idle; its timer fires in 25s/,
  ],
  [
    'the same without options',
    { ...nothing, word: fires(25_000) },
    'unknown',
    /would look the same/,
  ],
  [
    'a short time left, of a long delay',
    { ...nothing, word: fires(25_000), options: { ...options, delayMs: 7_200_000 } },
    'at-risk',
    /comes after 2h idle/,
  ],
  ['off', { ...nothing, word: off, options: { ...options, keepalive: false } }, 'at-risk', /off/],
  [
    'unacknowledged data hides the timer, and not the options',
    { ...nothing, word: busy, options },
    'safe',
    /after 45s idle; now unacknowledged data/,
  ],
  [
    'nor that it is off',
    { ...nothing, word: busy, options: { ...options, keepalive: false } },
    'at-risk',
    /Keepalive is off/,
  ],
  [
    'nor that the interval is too long',
    { ...nothing, word: busy, options: { ...options, intervalMs: 300_000 } },
    'at-risk',
    /5m apart/,
  ],
  ['hidden, without options', { ...nothing, word: busy }, 'unknown', /It is not known/],
  [
    'a sample beyond the limit',
    { ...nothing, word: { ...fires(100_000), leastDelayMs: 600_000 }, times: answered },
    'at-risk',
    /only after 10m idle/,
  ],
  [
    'a probe that was answered after a long silence',
    { ...nothing, word: { ...fires(25_000), leastDelayMs: 45_000 }, times: answered },
    'safe',
    /for 21m, and the peer answered a probe 20s ago/,
  ],
  [
    'an acknowledgement of data is no answer to a probe',
    {
      ...nothing,
      word: { ...fires(25_000), leastDelayMs: 45_000 },
      times: { lastSentMs: 20_100, lastReceivedMs: 1_260_000, lastAnswerMs: 20_000 },
    },
    'unknown',
    /would look the same/,
  ],
  [
    'nor is one that came sooner than the timer was set for',
    {
      ...nothing,
      word: { ...fires(25_000), leastDelayMs: 45_000 },
      times: { lastSentMs: 50_000, lastReceivedMs: 50_000, lastAnswerMs: 20_000 },
    },
    'unknown',
    /would look the same/,
  ],
  [
    'a probe that is not answered',
    { ...nothing, word: { ...fires(10_000), unansweredProbes: 2 }, options },
    'dying',
    /2 probes in a row/,
  ],
]

for (const [title, seen, verdict, reason] of table) {
  t.test(title, (t) => {
    t.match(judgeSeen(seen, limitMs), { verdict, reason })
    t.end()
  })
}

t.test('earlier looks bound the delay', (t) => {
  const seen = { ...nothing, word: fires(25_000) }
  t.equal(judgeSeen(seen, limitMs, 60_000).verdict, 'safe')
  t.end()
})
