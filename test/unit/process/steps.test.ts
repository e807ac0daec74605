import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { atOnce, inSlices, type Steps } from '../../../src/process/steps'

/** Counts to `end`, and notes what it was told of its driver, and that it ended. */
function* counting(end: number, told: unknown[], each = () => {}): Steps<number> {
  try {
    for (let count = 0; count < end; count++) {
      each()
      told.push(yield undefined)
    }
    return end
  } finally {
    told.push('ended')
  }
}

t.test('at once it is told that nobody can wait', (t) => {
  const told: unknown[] = []
  t.equal(atOnce(counting(2, told)), 2)
  t.strictSame(told, [false, false, 'ended'])
  t.end()
})

t.test('in slices it is told that it may wait, and short work is not cut', async (t) => {
  const told: unknown[] = []
  let pauses = 0
  const pause = (next: () => void) => {
    pauses++
    next()
  }
  t.equal(await inSlices(counting(2, told), pause), 2)
  t.strictSame(told, [true, true, 'ended'])
  t.equal(pauses, 0)
})

/** Works for as long as a slice may be, and longer. */
function workLong() {
  const began = process.hrtime.bigint()
  while (process.hrtime.bigint() - began < 3_000_000n);
}

t.test('long work is cut after each step that used its slice up', async (t) => {
  let pauses = 0
  const pause = (next: () => void) => {
    pauses++
    setImmediate(next)
  }
  t.equal(await inSlices(counting(3, [], workLong), pause), 3)
  t.equal(pauses, 3)
})

t.test('a promise that is yielded is waited for, and what it rejects with comes out', async (t) => {
  const order: string[] = []
  function* waiting(): Steps<string> {
    yield sleep(5).then(() => void order.push('waited'))
    order.push('went on')
    yield Promise.reject(new Error('no'))
    return 'never'
  }
  await t.rejects(inSlices(waiting()), { message: 'no' })
  t.strictSame(order, ['waited', 'went on'])
})

t.test('where a pause throws, what is open is closed', async (t) => {
  const told: unknown[] = []
  const pause = () => {
    throw new Error('no pause')
  }
  await t.rejects(inSlices(counting(9, told, workLong), pause), { message: 'no pause' })
  t.strictSame(told, ['ended'])
})
