import t from 'tap'
import type { KernelWord } from '../../../src/kernel/kernel-word'
import { recordWord } from '../../../src/kernel/record-word'
import type { Socket } from './diag-messages'
import { visitRecords } from './records'

const TIMER = { none: 0, retransmit: 1, keepalive: 2 }

const table: readonly [what: string, Partial<Socket>, Partial<KernelWord>][] = [
  ['keepalive', { expires: 30_000 }, { armed: true, nextTimerMs: 30_000, unackedBytes: 2 }],
  ['no timer', { timer: TIMER.none, expires: 0 }, { armed: false, nextTimerMs: null }],
  ['probes', { retries: 3 }, { armed: true, unansweredProbes: 3, retransmits: 0, passing: true }],
  [
    'data that was sent again',
    { timer: TIMER.retransmit, retries: 4 },
    { armed: null, unansweredProbes: 0, retransmits: 4, passing: true },
  ],
  ['without tcp_info', {}, { lastAnswerMs: null, leastDelayMs: null }],
  ['on its way', { state: 2 }, { state: 'syn-sent', armed: null, passing: true }],
  ['closed', { state: 7 }, { state: 'close', armed: null, passing: false }],
]

for (const [what, socket, expected] of table) {
  t.test(`the word of a record: ${what}`, (t) => {
    t.plan(1)
    visitRecords([socket], (record) => t.match(recordWord(record), expected))
  })
}
