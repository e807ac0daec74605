import t from 'tap'
import { needFiles } from './need-files'

/** What a test would be told. */
function ask(files: Record<string, string>, everything: string | undefined) {
  const before = process.env.REQUIRE_EVERYTHING
  if (everything === undefined) delete process.env.REQUIRE_EVERYTHING
  else process.env.REQUIRE_EVERYTHING = everything
  const said: string[] = []
  const fake = {
    fail: (message: string) => said.push(`fail: ${message}`),
    pass: (message: string, { skip }: { skip: boolean }) => said.push(`skip ${skip}: ${message}`),
  }
  const runs = needFiles(fake, files)
  if (before === undefined) delete process.env.REQUIRE_EVERYTHING
  else process.env.REQUIRE_EVERYTHING = before
  return [runs, ...said]
}

t.test('a test that cannot run says so, and fails where everything has to', (t) => {
  const missing = { '/proc/self/none': 'nothing', '/proc/self/nobody': 'nothing' }
  const message = '/proc/self/none, /proc/self/nobody is missing: apt-get install nothing.'
  t.strictSame(ask({ '/proc/self/status': 'linux' }, '1'), [true])
  t.strictSame(ask(missing, undefined), [false, `skip true: ${message}`])
  t.strictSame(ask(missing, '1'), [false, `fail: ${message}`])
  t.end()
})
