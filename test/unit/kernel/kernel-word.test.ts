import t from 'tap'
import { type KernelWord, kernelWord, unknown, unreadable } from '../../../src/kernel/kernel-word'
import { parseTcpLine } from '../../../src/kernel/tcp-line'
import type { TcpState, TcpTimer } from '../../../src/kernel/tcp-states'

const unacknowledged = 'unacknowledged data hides its keepalive timer'
const closedWindow = 'a closed window of the peer hides its keepalive timer'

const kept: readonly TcpState[] = ['established', 'close-wait', 'fin-wait-2']
const others: readonly TcpState[] = [
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'time-wait',
  'close',
  'last-ack',
  'listen',
  'closing',
  'new-syn-received',
]
const timers: readonly TcpTimer[] = ['none', 'retransmit', 'keepalive', 'time-wait', 'zero-window']

/** A line of a quiet connection. */
const quiet = { whenMs: 44_970, retransmits: 0, probes: 0, txQueue: 0 }
const line = (state: TcpState, timer: TcpTimer, changes: Partial<typeof quiet> = {}) => ({
  ...quiet,
  state,
  timer,
  ...changes,
})

const words: readonly [TcpTimer, Partial<KernelWord>][] = [
  ['none', { armed: false, nextTimerMs: null, why: null }],
  ['keepalive', { armed: true, nextTimerMs: 44_970, why: null }],
  ['retransmit', { armed: null, nextTimerMs: null, why: unacknowledged, passing: true }],
  ['zero-window', { armed: null, nextTimerMs: null, why: closedWindow, passing: true }],
]

for (const state of kept) {
  t.test(`${state}: the timer tells whether keepalive is on`, (t) => {
    for (const [timer, word] of words) {
      t.strictSame(
        kernelWord(line(state, timer, { retransmits: 3, txQueue: 12 })),
        {
          state,
          unansweredProbes: 0,
          retransmits: 3,
          unackedBytes: 12,
          lastAnswerMs: null,
          leastDelayMs: null,
          passing: state === 'close-wait',
          readable: true,
          ...word,
        },
        timer,
      )
    }
    const closed = { ...unknown('the connection is closed'), state }
    t.strictSame(kernelWord(line(state, 'time-wait')), closed)
    t.end()
  })
}

t.test('in other states nothing is known, whatever timer runs, but the state', (t) => {
  for (const state of others) {
    for (const timer of timers) {
      const { passing, ...word } = kernelWord(line(state, timer, { retransmits: 5, probes: 5 }))
      const { passing: _, ...expected } = unknown(`the connection is in the state ${state}`)
      t.strictSame(word, { ...expected, state }, `${state}, ${timer}`)
    }
  }
  t.end()
})

t.test('what is over is not asked again, what is about to open is', (t) => {
  const passing = (state: TcpState) => kernelWord(line(state, 'none')).passing
  t.ok(passing('syn-sent'))
  for (const state of ['time-wait', 'close', 'last-ack', 'closing'] as const) {
    t.notOk(passing(state), state)
  }
  t.end()
})

t.test('unanswered probes are counted, and asked about again: one may be on its way', (t) => {
  for (const timer of ['none', 'keepalive', 'retransmit', 'zero-window'] as const) {
    for (const probes of [1, 2, 9]) {
      const word = kernelWord(line('established', timer, { probes }))
      t.match(word, { unansweredProbes: probes, passing: true }, `${timer}, ${probes}`)
    }
  }
  t.end()
})

t.test('a connection that is not in the table is not known, and not said to be off', (t) => {
  const why = "the connection is not in the kernel's table"
  t.strictSame(kernelWord(undefined), unknown(why))
  t.equal(unknown(why).armed, null)
  t.end()
})

t.test('unknown says why, and passes only where that is said', (t) => {
  t.strictSame(unknown('why'), {
    state: null,
    armed: null,
    nextTimerMs: null,
    unansweredProbes: null,
    retransmits: null,
    unackedBytes: null,
    lastAnswerMs: null,
    leastDelayMs: null,
    why: 'why',
    passing: false,
    readable: true,
  })
  t.equal(unknown('why', true).passing, true)
  t.strictSame(unreadable('why'), { ...unknown('why'), readable: false })
  t.end()
})

t.test('lines of the table, as the kernel writes them', (t) => {
  const text = (state: string, timer: string, retransmits: string, probes: string) =>
    `   0: 0100007F:9C40 0100007F:1538 ${state} 0000000C:00000000 ${timer} ${retransmits}     0 ${probes} 4711 2 0000000000000000 20 4 0 10 -1`
  const table: readonly [string, string, string, string, Partial<KernelWord>][] = [
    ['01', '00:00000000', '00000000', '       0', { armed: false, nextTimerMs: null }],
    ['01', '02:00001194', '00000000', '       0', { armed: true, nextTimerMs: 45_000 }],
    ['01', '02:000AFB7C', '00000000', '       0', { armed: true, nextTimerMs: 7_197_400 }],
    ['01', '02:00000000', '00000000', '       0', { armed: true, nextTimerMs: 0 }],
    ['01', '02:00000031', '00000000', '      10', { armed: true, unansweredProbes: 10 }],
    ['08', '02:00001194', '00000000', '       0', { armed: true, state: 'close-wait' }],
    ['05', '02:00001194', '00000000', '       0', { armed: true, state: 'fin-wait-2' }],
    ['01', '01:00000014', '0000000F', '       0', { armed: null, retransmits: 15 }],
    ['01', '01:00000014', '00000000', '       0', { armed: null, unackedBytes: 12 }],
    ['01', '04:00000014', '00000000', '       4', { armed: null, unansweredProbes: 4 }],
    ['02', '01:00000064', '00000004', '       0', { armed: null, retransmits: null }],
    ['06', '03:00001770', '00000000', '       0', { armed: null, unackedBytes: null }],
  ]
  for (const [state, timer, retransmits, probes, word] of table) {
    const parsed = parseTcpLine(text(state, timer, retransmits, probes))
    t.ok(parsed, `${state} ${timer}`)
    t.match(kernelWord(parsed ?? undefined), word, `${state} ${timer} ${retransmits} ${probes}`)
  }
  t.end()
})
