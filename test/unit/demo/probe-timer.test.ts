import t from 'tap'
import { type ProbeTimer, parseProbeTimer, readProbeTimer } from '../../../src/demo/probe-timer'

const row = (local: string, remote: string, column: string) =>
  `   3: 0100007F:${local} 0100007F:${remote} 01 00000000:00000000 ${column} 00000000  0  0 7 2`
const table = (column: string) =>
  [
    '  sl  local_address rem_address   st',
    row('01BB', '9C40', '00:00000000'),
    row('9C40', '01BB', column),
  ].join('\n')
const words: [string, string, Partial<ProbeTimer>][] = [
  ['no timer', table('00:00000000'), { armed: false, nextTimerMs: null, why: null }],
  ['keepalive', table('02:00001194'), { armed: true, nextTimerMs: 45_000, why: null }],
  [
    'retransmission',
    table('01:00000014'),
    { armed: null, column: '01:00000014', why: /hides/ as never },
  ],
  ['zero window', table('04:00000014'), { armed: null, why: /hides/ as never }],
  [
    'no such row',
    table('02:00001194').slice(0, 150),
    { armed: null, column: null, why: /not in/ as never },
  ],
  ['a bad column', table('02:xyz'), { armed: null, why: /not in/ as never }],
  ['nothing', '', { armed: null, why: /not in/ as never }],
]
for (const [name, text, expected] of words) {
  t.test(`the kernel's word: ${name}`, async (t) => {
    t.match(parseProbeTimer(text, 40_000, 443), expected)
  })
}

t.test('the kernel is asked again while data hides the timer', async (t) => {
  const tables = [table('01:00000014'), table('02:00001194')]
  const read = async () => ({ known: true, value: tables.shift() ?? '' }) as const
  t.match(await readProbeTimer(read, 40_000, 443), { armed: true })
  const why = 'there is no /proc on darwin'
  t.match(await readProbeTimer(async () => ({ known: false, why }), 40_000, 443), {
    armed: null,
    why,
  })
})
