import t from 'tap'
import { timeline } from '../../../src/process/timeline'

/** Timers that run out when the test says. */
function clocked() {
  const timers: { look: () => void; delayMs: number; cancelled: boolean }[] = []
  const later = (look: () => void, delayMs: number) => {
    const timer = { look, delayMs, cancelled: false }
    timers.push(timer)
    return () => {
      timer.cancelled = true
    }
  }
  return { timers, later }
}

t.test('each comes at its time, in the order of these', (t) => {
  const { timers, later } = clocked()
  const done: string[] = []
  timeline(later, [
    [30, () => done.push('last')],
    [10, () => done.push('first')],
    [10, () => done.push('second')],
  ])
  for (let at = 0; at < 3; at++) {
    t.equal(timers.length, at + 1, 'one timer at a time')
    timers[at]?.look()
  }
  t.strictSame(done, ['first', 'second', 'last'])
  t.strictSame(
    timers.map(({ delayMs }) => delayMs),
    [10, 0, 20],
  )
  t.end()
})

t.test('it is stopped at any point, by what it does too', (t) => {
  const { timers, later } = clocked()
  const stop = timeline(later, [
    [1, () => stop()],
    [2, () => t.fail()],
  ])
  timers[0]?.look()
  t.ok(timers[1]?.cancelled)
  timeline(later, [])()
  t.end()
})
