import t from 'tap'
import { rest, Slices } from '../../../src/process/slices'

function untilOver(slices: Slices) {
  while (!slices.over);
}

t.test('a slice is over after a while, and a pause begins the next one', async (t) => {
  const slices = new Slices(setImmediate)
  const began = process.hrtime.bigint()
  untilOver(slices)
  t.ok(process.hrtime.bigint() - began >= 1_000_000n, 'not at once')
  await slices.next()
  const again = process.hrtime.bigint()
  untilOver(slices)
  t.ok(process.hrtime.bigint() - again >= 1_000_000n, 'the next has its time too')
})

t.test('to begin is to have the whole time again', (t) => {
  const slices = new Slices(setImmediate)
  untilOver(slices)
  const again = process.hrtime.bigint()
  slices.begin()
  untilOver(slices)
  t.ok(process.hrtime.bigint() - again >= 1_000_000n)
  t.end()
})

t.test('what rests goes on later, and not within the call', async (t) => {
  let within = true
  // The rest does not hold the event loop, so the test has to.
  const hold = setTimeout(() => {}, 60_000)
  const rested = new Promise<boolean>((done) => rest(() => done(within)))
  within = false
  t.equal(await rested, false)
  clearTimeout(hold)
})
