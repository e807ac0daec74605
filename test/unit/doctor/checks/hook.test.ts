import t, { type Test } from 'tap'
import type { Verdict } from '../../../../src/doctor/checks/check'
import { run } from '../../../../src/doctor/checks/hook'
import type { Machine } from '../../../../src/doctor/checks/machine'
import { machineWith } from './machine'

const manifest = (version: string) => JSON.stringify({ name: 'nat-keepalive', version })

const files = {
  'opt/nat-keepalive/register.js': '',
  'opt/nat-keepalive/package.json': manifest('0.1.0'),
  'opt/old/register.js': '',
  'opt/old/package.json': manifest('0.0.9'),
  'opt/bare/nat-keepalive/register.js': '',
  'opt/bare/nat-keepalive/dist/register.js': "exports.version = '0.1.0';",
  'opt/part/nat-keepalive/register.js': '',
  'opt/other/register.js': '',
  'opt/other/package.json': '{"name":"other"}',
  'opt/broken/register.js': '',
  'opt/broken/package.json': '{"name":',
  'srv/app/vendor/nat-keepalive/register.js': '',
}

function check(t: Test, NODE_OPTIONS: string, known: Partial<Machine> = {}) {
  return run(machineWith(t, files, { env: { NODE_OPTIONS }, ...known }))
}

const table: readonly [options: string, verdict: Verdict, seen: RegExp, action: RegExp | null][] = [
  ['--require /opt/nat-keepalive/register.js', 'ok', /version 0\.1\.0\.$/, null],
  ['--require=/opt/nat-keepalive/register', 'ok', /version 0\.1\.0/, null],
  ['--import=file:///opt/nat-keepalive/register.js', 'ok', /file:.*version 0\.1\.0/, null],
  ['--no-warnings --require "/opt/nat-keepalive/register.js"', 'ok', /version 0\.1\.0/, null],
  ['--require=/opt/nat-keepalive/register.js -r /opt/other/register.js', 'ok', /0\.1\.0/, null],
  ['--require /opt/bare/nat-keepalive/register.js', 'ok', /version 0\.1\.0/, null],
  [
    '-r /opt/nat-keepalive/register.js',
    'advice',
    /version 0\.1\.0\. But .*--r for -r/,
    /^Write it as --require=\/opt\/nat-keepalive\/register\.js, before the other preloads\.$/,
  ],
  [
    '--require /opt/nat-keepalive/register.js --require /opt/other/register.js',
    'advice',
    /another --require: Next\.js from 15\.0 to 16\.3/,
    /^Write it as --require=/,
  ],
  [
    '-r /opt/part/nat-keepalive/register.js',
    'unknown',
    /its version is not known/,
    /whole package/,
  ],
  ['-r /opt/old/register.js', 'advice', /version 0\.0\.9; this is version 0\.1\.0/, /one version/],
  ['-r /opt/gone/nat-keepalive/register.js', 'finding', /no such file/, /\/opt\/nat-keepalive/],
  ['-r ./vendor/nat-keepalive/register.js', 'advice', /a relative path/, /absolute path/],
  ['-r ./gone/nat-keepalive/register.js', 'finding', /no such file/, /absolute path/],
  ['-r nat-keepalive/register', 'advice', /from the folder/, /absolute path/],
  ['-r "/opt/nat-keepalive/register.js', 'finding', /double quote is not closed/, /quotes/],
  ['-r', 'finding', /-r has no value/, /./],
  ['', 'advice', /not in NODE_OPTIONS/, /export NODE_OPTIONS=--require=\/opt\/nat-keepalive/],
  ['-r /opt/other/register.js', 'advice', /not in NODE_OPTIONS/, /register\.js -r \/opt\/other/],
  ['-r /opt/broken/register.js', 'advice', /not in NODE_OPTIONS/, /./],
  ['-r other/register', 'advice', /not in NODE_OPTIONS/, /./],
  [
    '-r /opt/nat-keepalive/register.js -r /opt/gone/nat-keepalive/register.js',
    'finding',
    /no such file/,
    /./,
  ],
]

t.test('the hook in NODE_OPTIONS', (t) => {
  for (const [options, verdict, seen, action] of table) {
    const outcome = check(t, options)
    t.equal(outcome.verdict, verdict, options)
    t.match(outcome.seen, seen, options)
    if (action === null) t.equal(outcome.action, null, options)
    else t.match(outcome.action, action, options)
  }
  t.end()
})

t.test('a hook that is active without NODE_OPTIONS is said to be', (t) => {
  const outcome = check(t, '', { active: '0.1.0' })
  t.equal(outcome.verdict, 'advice')
  t.match(outcome.seen, /active in this process \(version 0\.1\.0\)/)
  t.end()
})

t.test('no line is given that names the cache of npx', (t) => {
  const register = '/root/.npm/_npx/1a2b/node_modules/nat-keepalive/register.js'
  const outcome = check(t, '', { register })
  t.notMatch(outcome.action, /_npx/)
  t.match(outcome.action, /^Install the package/)
  t.end()
})

t.test('a file that may not be looked at is not known to be there', (t) => {
  const machine = machineWith(t, files, {
    env: { NODE_OPTIONS: '-r /opt/nat-keepalive/register.js' },
  })
  const denied = { ...machine.files, exists: () => null }
  t.equal(run({ ...machine, files: denied }).verdict, 'unknown')
  t.end()
})

t.test('on Windows the lines are for the shells of Windows', (t) => {
  const register = 'C:\\nat keepalive\\register.js'
  const cwd = 'C:\\app'
  const known = { platform: 'win32', register, cwd } as const
  const { action, data, seen } = check(t, '', known)
  t.match(
    action,
    '`$env:NODE_OPTIONS = \'--require="C:\\\\nat keepalive\\\\register.js"\'` (PowerShell)',
  )
  t.match(action, '`set "NODE_OPTIONS=--require="C:\\\\nat keepalive\\\\register.js""` (cmd)')
  t.match(data.line, /^\$env:/)
  for (const text of [action, seen]) t.notMatch(text, /export|sysctl/)
  t.end()
})
