import t from 'tap'
import { missingTools } from '../../src/lab/lab'
import { needLab, type SkippableTest } from './need-lab'

function record(): SkippableTest & { said: string[] } {
  const said: string[] = []
  return {
    said,
    fail: (text) => said.push(`fail: ${text}`),
    pass: (text, { skip }) => said.push(`pass, skip ${skip}: ${text}`),
  }
}

t.test('where no lab can be built, a test skips aloud or fails', async (t) => {
  t.intercept(process, 'env', { value: { PATH: '/no-such-folder' } })
  const missing = missingTools()
  t.match(missing, /^The NAT lab needs ip, .* in the PATH: install with `apt-get install -y /)
  const skipping = record()
  t.equal(needLab(skipping), false)
  t.strictSame(skipping.said, [`pass, skip true: ${missing}`])

  process.env.REQUIRE_EVERYTHING = '1'
  const failing = record()
  t.equal(needLab(failing), false)
  t.strictSame(failing.said, [`fail: ${missing}`])
})

t.test('where a lab can be built, nothing is said', async (t) => {
  if (!needLab(t)) return
  const quiet = record()
  t.equal(needLab(quiet), true)
  t.strictSame(quiet.said, [])
})
