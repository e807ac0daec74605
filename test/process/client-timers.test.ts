import { join } from 'node:path'
import t from 'tap'
import { register, runNode } from '../run-node'

t.jobs = 4

const program = join(__dirname, 'programs', 'own-timer.cjs')

/** What is told of a request over loopback on a path that forgets after two seconds. */
async function told(how: string, env: Record<string, string> = {}) {
  const { stderr } = await runNode(['-r', register, program, how], {
    env: {
      NAT_KEEPALIVE_LIMIT: '2s',
      NAT_KEEPALIVE_AUDIT: '500ms',
      NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
      NAT_KEEPALIVE_IDLE_WARN: 'off',
      NAT_KEEPALIVE_SYSCTL: 'off',
      NAT_KEEPALIVE_FORMAT: 'json',
      ...env,
    },
  })
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line))
}

const timers: readonly [how: string, timer: object, words: RegExp][] = [
  [
    'headers',
    { kind: 'headers' },
    /by its timer headersTimeout .* Raise headersTimeout of the Agent/,
  ],
  ['signal', { kind: 'signal' }, /by AbortSignal\.timeout\(\) of the program/],
  [
    'socket',
    { kind: 'socket', ms: 3_000 },
    /by the timeout of its socket, 3s \(socket\.setTimeout/,
  ],
]

for (const [how, timer, words] of timers) {
  t.test(
    `a protected connection that the timer "${how}" gave up is explained`,
    { buffered: true },
    async (t) => {
      const findings = await told(how)
      t.match(findings, [{ code: 'NKA303', end: 'given-up', timer, waits: true }])
      t.equal(findings.length, 1)
      t.match(findings[0]?.message, words)
      t.match(findings[0]?.message, 'It is no middlebox')
    },
  )
}

t.test(
  'without protection it stays NKA301, and names the timer too',
  { buffered: true },
  async (t) => {
    const findings = await told('headers', { NAT_KEEPALIVE_EXCLUDE: '127.0.0.1' })
    t.match(findings, [{ code: 'NKA301', timer: { kind: 'headers' } }])
    t.match(findings[0]?.message, 'headersTimeout (5m in fetch unless it is set)')
  },
)

t.test(
  'what the program ends for a reason of its own is not explained',
  { buffered: true },
  async (t) => {
    t.same(await told('own'), [])
  },
)
