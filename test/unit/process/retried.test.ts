import t, { type Test } from 'tap'
import { retried } from '../../../src/process/retried'

/** The uptime of this process is what the test says. */
function clocked(t: Test) {
  const real = process.uptime
  t.teardown(() => {
    process.uptime = real
  })
  return (seconds: number) => {
    process.uptime = () => seconds
  }
}

t.test('what has been done once is handed out', (t) => {
  let calls = 0
  const get = retried(
    () => ({ calls: ++calls }),
    () => t.fail(),
  )
  t.equal(get(), get())
  t.equal(calls, 1)
  t.end()
})

t.test('where it fails it is tried again, a second later at the earliest', (t) => {
  const at = clocked(t)
  const lates: boolean[] = []
  const errors: unknown[] = []
  const fault = new Error('not now')
  const get = retried(
    (late) => {
      lates.push(late)
      if (lates.length < 3) throw fault
      return 'done'
    },
    (error) => void errors.push(error),
  )
  at(10)
  t.equal(get(), null)
  at(10.9)
  t.equal(get(), null)
  t.equal(lates.length, 1, 'not within the second')
  at(11)
  t.equal(get(), null)
  at(12)
  t.equal(get(), 'done')
  t.strictSame(lates, [false, true, true])
  t.strictSame(errors, [fault, fault])
  t.end()
})
