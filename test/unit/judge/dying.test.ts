import t from 'tap'
import { auditDying, type DyingSocket, type Silence, silenceOf } from '../../../src/judge/dying'
import type { KernelWord } from '../../../src/kernel/kernel-word'
import { fires, hidden } from '../../kernel-words'

const schedule = { delayMs: 45_000, intervalMs: 15_000, probes: 24 }
const unknown = { delayMs: null, intervalMs: null, probes: null }

/** `since/end` in seconds, of probes. */
function probes(word: Partial<KernelWord>, nextMs = 1_000, times = schedule): string | null {
  const silence = silenceOf({ word: fires(nextMs, word), schedule: times, idleMs: 600_000 })
  if (silence === null) return null
  return `${silence.what} ${silence.count}: ${silence.sinceMs / 1_000}/${(silence.endMs ?? 0) / 1_000}`
}

t.test('probes that go unanswered for three intervals are a silence', (t) => {
  const answered = (seconds: number, unansweredProbes: number) =>
    probes({ lastAnswerMs: seconds * 1_000, unansweredProbes })
  t.equal(answered(30, 0), null, 'none is under way')
  t.equal(answered(46, 1), null)
  t.equal(answered(89, 3), null, 'the fourth is not due')
  t.equal(answered(90, 4), 'probes 4: 45/301', 'as long as three intervals')
  t.equal(answered(135, 6), 'probes 6: 90/271')
  t.equal(answered(900, 2), null, 'two can be lost by accident, however late')
  t.end()
})

t.test('without the time of the last answer the count of probes tells', (t) => {
  const counted = (unansweredProbes: number, nextMs: number) => probes({ unansweredProbes }, nextMs)
  t.equal(counted(3, 1_000), null, '30 s and 14')
  t.equal(counted(4, 15_000), 'probes 4: 45/315')
  t.equal(counted(10, 5_000), 'probes 10: 145/215')
  t.equal(probes({ unansweredProbes: 10 }, 1_000, unknown as never), null, 'no interval is known')
  t.end()
})

t.test('data that is sent again and not acknowledged for 30 s is a silence', (t) => {
  const data = (word: Partial<KernelWord>, idleMs: number) =>
    silenceOf({ word: hidden(word), schedule, idleMs })
  const sent = { unackedBytes: 18, retransmits: 5 }
  t.strictSame(data(sent, 30_000), { what: 'data', count: 18, sinceMs: 30_000, endMs: null })
  t.equal(data(sent, 29_000), null)
  t.equal(data({ ...sent, retransmits: 2 }, 60_000), null, 'an answer that is late')
  t.equal(data({ ...sent, unackedBytes: 0 }, 60_000), null)
  t.equal(data({ ...sent, unackedBytes: null }, 60_000), null)
  t.end()
})

const silence: Silence = { what: 'probes', count: 4, sinceMs: 45_000, endMs: 300_000 }

function dying(destination: string, place: string | null = '/app/db.js:1'): DyingSocket {
  return { destination, opener: { place, package: null }, silence }
}

t.test('an episode is told once, and again when it has ended', (t) => {
  const all = [dying('a:1'), dying('a:1'), dying('b:1'), dying('a:1', '/app/other.js:1')]
  const first = auditDying(all, new Set())
  t.strictSame(
    first.tell.map(({ destination, sockets }) => [destination, sockets.length]),
    [
      ['a:1', 2],
      ['b:1', 1],
      ['a:1', 1],
    ],
  )
  const second = auditDying([dying('a:1'), dying('c:1')], first.told)
  t.strictSame(
    second.tell.map(({ destination }) => destination),
    ['c:1'],
  )
  t.equal(second.told.size, 2, 'what has ended is forgotten')
  t.equal(auditDying([dying('b:1')], second.told).tell.length, 1)
  t.equal(auditDying([], second.told).told.size, 0)
  t.end()
})
