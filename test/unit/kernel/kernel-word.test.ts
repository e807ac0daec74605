import t from 'tap'
import { type KernelWord, kernelWord, unknown } from '../../../src/kernel/kernel-word'
import { parseTcpLine, type TcpState, type TcpTimer } from '../../../src/kernel/tcp-table'

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

const words: readonly [TcpTimer, KernelWord][] = [
  ['none', { armed: false, nextTimerMs: null, why: null, passing: false }],
  ['keepalive', { armed: true, nextTimerMs: 44_970, why: null, passing: false }],
  ['retransmit', { armed: null, nextTimerMs: null, why: unacknowledged, passing: true }],
  ['zero-window', { armed: null, nextTimerMs: null, why: closedWindow, passing: true }],
  [
    'time-wait',
    { armed: null, nextTimerMs: null, why: 'the connection is closed', passing: false },
  ],
]

for (const state of kept) {
  t.test(`${state}: the timer tells whether keepalive is on`, (t) => {
    for (const [timer, word] of words) {
      t.strictSame(kernelWord({ state, timer, whenMs: 44_970 }), word, timer)
    }
    t.end()
  })
}

t.test('in other states nothing is known of keepalive, whatever timer runs', (t) => {
  for (const state of others) {
    for (const timer of timers) {
      const word = kernelWord({ state, timer, whenMs: 44_970 })
      t.equal(word.armed, null, `${state}, ${timer}`)
      t.equal(word.nextTimerMs, null, `${state}, ${timer}`)
      t.equal(word.why, `the connection is in the state ${state}`)
    }
  }
  t.end()
})

t.test('what is over is not asked again, what is about to open is', (t) => {
  const passing = (state: TcpState) => kernelWord({ state, timer: 'none', whenMs: 0 }).passing
  t.ok(passing('syn-sent'))
  for (const state of ['time-wait', 'close', 'last-ack', 'closing'] as const) {
    t.notOk(passing(state), state)
  }
  t.end()
})

t.test('a connection that is not in the table is not known, and not said to be off', (t) => {
  t.strictSame(kernelWord(undefined), {
    armed: null,
    nextTimerMs: null,
    why: "the connection is not in the kernel's table",
    passing: false,
  })
  t.end()
})

t.test('unknown says why, and passes only where that is said', (t) => {
  t.strictSame(unknown('why'), { armed: null, nextTimerMs: null, why: 'why', passing: false })
  t.equal(unknown('why', true).passing, true)
  t.end()
})

t.test('lines of the table, as the kernel writes them', (t) => {
  const line = (state: string, timer: string) =>
    `   0: 0100007F:9C40 0100007F:1538 ${state} 00000000:00000000 ${timer} 00000000     0        0 4711 2 0000000000000000 20 4 0 10 -1`
  const table: readonly [string, string, boolean | null, number | null][] = [
    ['01', '00:00000000', false, null],
    ['01', '02:00001194', true, 45_000],
    ['01', '02:000AFB7C', true, 7_197_400],
    ['01', '02:00000000', true, 0],
    ['08', '02:00001194', true, 45_000],
    ['05', '02:00001194', true, 45_000],
    ['01', '01:00000014', null, null],
    ['01', '04:00000014', null, null],
    ['02', '01:00000064', null, null],
    ['06', '03:00001770', null, null],
  ]
  for (const [state, timer, armed, nextTimerMs] of table) {
    const parsed = parseTcpLine(line(state, timer))
    t.ok(parsed, `${state} ${timer}`)
    t.match(kernelWord(parsed ?? undefined), { armed, nextTimerMs }, `${state} ${timer}`)
  }
  t.end()
})
