import { join } from 'node:path'
import t from 'tap'
import { flagsOf, readCoreTests } from './core-test'

t.test('the tests of the families are found, with their flags', async (t) => {
  const folder = t.testdir({
    parallel: {
      'test-net-connect.js': "// Flags: --expose-internals --no-warnings\n'use strict'\n",
      'test-https-agent.mjs': '',
      'test-http.js': '',
      'test-http2-ping.js': '',
      'test-network.js': '',
      'test-fs-read.js': '',
      'test-net-data.json': '',
    },
    sequential: { 'test-tls-connect.js': '' },
    'async-hooks': { 'test-timers.js': '', 'init-hooks.js': '' },
    pummel: { 'test-net-pause.js': '' },
  })
  const tests = readCoreTests(folder)
  t.strictSame(
    tests.map(({ name, family }) => [name, family]),
    [
      ['parallel/test-http.js', 'http'],
      ['parallel/test-http2-ping.js', 'http2'],
      ['parallel/test-https-agent.mjs', 'https'],
      ['parallel/test-net-connect.js', 'net'],
      ['sequential/test-tls-connect.js', 'tls'],
      ['async-hooks/test-timers.js', 'async-hooks'],
    ],
  )
  t.match(tests[3], {
    argv: ['--expose-internals', '--no-warnings', join(folder, 'parallel/test-net-connect.js')],
  })
})

for (const [source, flags] of [
  ['// Flags: --expose-gc', ['--expose-gc']],
  ["'use strict';\n//  Flags: --a   --b=1\nrun()", ['--a', '--b=1']],
  ['// Flags:', []],
  ['const text = "Flags: --expose-gc"', []],
  ['', []],
] as const) {
  t.test(`the flags in ${JSON.stringify(source)}`, async (t) => {
    t.strictSame(flagsOf(source), flags)
  })
}
