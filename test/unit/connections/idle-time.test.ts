import t from 'tap'
import type { End } from '../../../src/connections/ending'
import { type Gap, idleBefore, longer, type Silence } from '../../../src/connections/idle-time'

const now = 1_000_000
const silence: Silence = {
  now,
  min: 20_000,
  max: 50_000,
  gap: null,
  momentMs: 30_000,
  mayProbe: false,
  probesEnded: false,
}

function gap(agoMs: number, min = 300_000, max = 330_000): Gap {
  return { min, max, endedAt: now - agoMs, writtenAt: now - agoMs }
}

t.test('of two idle times without an answer between them the longer one stays', (t) => {
  const first = gap(60_000)
  const second = gap(1_000, 100_000, 130_000)
  t.strictSame(longer(null, first), first)
  t.strictSame(longer(first, second), { ...first, writtenAt: second.writtenAt })
  t.strictSame(longer(second, gap(0, 200_000, 230_000)), gap(0, 200_000, 230_000))
  t.end()
})

t.test('without a write the idle time is the silence up to the end', (t) => {
  for (const end of ['reset', 'broken-pipe', 'hang-up', 'given-up', 'aborted'] as const) {
    const expected = { minIdleMs: 20_000, maxIdleMs: 50_000, sent: false }
    t.strictSame(idleBefore(end, silence), expected, end)
  }
  t.equal(idleBefore('reset', { ...silence, min: -5 }).minIdleMs, 0)
  t.end()
})

t.test('an end from the other side answers what was written just before', (t) => {
  const table: readonly [End, agoMs: number, answers: boolean][] = [
    ['reset', 0, true],
    ['reset', 5_000, true],
    ['reset', 5_001, false],
    ['broken-pipe', 5_001, false],
    ['hang-up', 5_000, true],
    ['hang-up', 5_001, false],
    // One that gives up does so after it has waited.
    ['given-up', 900_000, true],
    ['aborted', 900_000, true],
  ]
  for (const [end, agoMs, answers] of table) {
    const idle = answers
      ? { minIdleMs: 300_000, maxIdleMs: 330_000 }
      : { minIdleMs: 20_000, maxIdleMs: 50_000 }
    const told = idleBefore(end, { ...silence, gap: gap(agoMs) })
    t.strictSame(told, { ...idle, sent: answers }, `${end}, ${agoMs} ms`)
  }
  t.end()
})

t.test('a write just before is one, also where a longer idle time was survived', (t) => {
  const survived = longer(gap(60_000), gap(100, 10_000, 15_000))
  t.strictSame(idleBefore('reset', { ...silence, gap: survived }), {
    minIdleMs: 20_000,
    maxIdleMs: 50_000,
    sent: true,
  })
  t.end()
})

t.test('while the kernel sends again nothing is idle', (t) => {
  // The kernel gives up data after about a quarter of an hour.
  const sending = { ...silence, min: 900_000, max: 930_000 }
  t.strictSame(idleBefore('timed-out', { ...sending, gap: gap(900_000) }), {
    minIdleMs: 300_000,
    maxIdleMs: 330_000,
    sent: true,
  })
  t.strictSame(
    idleBefore('timed-out', sending),
    { minIdleMs: 0, maxIdleMs: 30_000, sent: true },
    'written in the moment in which something was received',
  )
  t.end()
})

t.test('where probes may have gone out, it may have been those that nobody answered', (t) => {
  const probed = { ...silence, min: 900_000, max: 930_000, mayProbe: true }
  const idle = { minIdleMs: 900_000, maxIdleMs: 930_000 }
  t.strictSame(idleBefore('timed-out', probed), { ...idle, sent: false })
  t.strictSame(idleBefore('timed-out', { ...probed, gap: gap(900_000) }), { ...idle, sent: true })
  t.end()
})

t.test('where probes have had their time, what was written before was acknowledged', (t) => {
  const gap = { min: 60_000, max: 65_000, endedAt: 500_000, writtenAt: 500_000 }
  const ended = { ...silence, min: 405_000, max: 410_000, gap, mayProbe: true, probesEnded: true }
  t.strictSame(idleBefore('timed-out', ended), {
    minIdleMs: 405_000,
    maxIdleMs: 410_000,
    sent: false,
  })
  t.equal(idleBefore('timed-out', { ...ended, probesEnded: false }).sent, true)
  t.equal(idleBefore('given-up', ended).sent, true, 'which is no end of the kernel')
  t.end()
})
