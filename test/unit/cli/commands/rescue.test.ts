import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { listen } from '../../../loopback'
import { optionsOfProcess } from '../../../oracle/options-of-process'
import { root, runNode, withEnv } from '../../../run-node'
import { matchExpected } from './expected'

const bin = join(root, 'dist', 'bin.js')

const rescue = (args: readonly string[], env: Record<string, string> = {}) =>
  runNode([bin, 'rescue', ...args, '--loopback'], { env })

/** A Python program with four connections: off, 2 h, 45 s and 10 min. */
async function python(t: Test) {
  const port = await listen(t)
  const script = join(root, 'test', 'fixtures', 'python-client.py')
  const [command = '', ...args] = withEnv({}, ['/usr/bin/python3', script, '127.0.0.1', `${port}`])
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const pid = child.pid as number
  const has = () =>
    optionsOfProcess(pid, { remotePort: port })
      .map(({ on, idle, interval, count }) => `${on ? idle : 'off'} ${interval} ${count}`)
      .sort()
  return { pid, has }
}

const before = ['45 75 9', '600 75 9', '7200 75 9', 'off 75 9']

t.test('the schedule is on every connection, and read back by another witness', async (t) => {
  const { pid, has } = await python(t)
  t.strictSame(has(), before)
  const dry = await rescue([`${pid}`, '--dry-run'])
  t.strictSame([dry.code, dry.stderr], [0, ''])
  t.match(dry.stdout, /^Would put .*\n[\s\S]*4 outbound: 3 would be rescued, 1 fine already\./)
  t.strictSame(has(), before, 'a dry run does nothing')

  const env = {
    NAT_KEEPALIVE_DELAY: '20s',
    NAT_KEEPALIVE_INTERVAL: '10s',
    NAT_KEEPALIVE_PROBES: '6',
  }
  const { code, stdout, stderr } = await rescue([`${pid}`], env)
  t.strictSame([code, stderr], [0, ''])
  t.match(stdout, /^127\.0\.0\.1:\d+ +off +20s, 6 x 10s$/m)
  t.match(stdout, /^127\.0\.0\.1:\d+ +2h, 9 x 1m15s +20s, 9 x 1m15s$/m)
  t.match(stdout, /4 outbound: 4 rescued, 0 fine already\./)
  t.strictSame(has(), ['20 10 6', '20 75 9', '20 75 9', '20 75 9'])

  const again = await rescue([`${pid}`, '--json'], env)
  const { processes, schedule } = JSON.parse(again.stdout)
  t.strictSame(schedule, { delayMs: 20_000, intervalMs: 10_000, probes: 6 })
  const outcomes = processes[0].connections.map(({ outcome }: { outcome: string }) => outcome)
  t.strictSame(outcomes, ['fine', 'fine', 'fine', 'fine'])
})

t.test('a user timeout that is wanted is there, and NATIVE=off does nothing', async (t) => {
  const { pid, has } = await python(t)
  const refused = await rescue([`${pid}`], { NAT_KEEPALIVE_NATIVE: 'off' })
  t.strictSame([refused.code, refused.stdout], [3, ''])
  t.match(refused.stderr, 'Nothing can be rescued without the native part: NAT_KEEPALIVE_NATIVE is')
  t.strictSame(has(), before)
  const { code, stdout } = await rescue([`${pid}`], { NAT_KEEPALIVE_USER_TIMEOUT: '10m' })
  t.equal(code, 0)
  t.match(stdout, /^127\.0\.0\.1:\d+ +off +45s, \d+ x 15s, user timeout 10m$/m)
  const look = await runNode([bin, 'audit', `${pid}`, '--loopback', '--json'])
  const timeouts = look.stdout.match(/(?<="userTimeoutMs": )\w+/g)
  t.strictSame(timeouts, Array(4).fill('600000'))
})

t.test('what is excluded is left alone', async (t) => {
  const { pid, has } = await python(t)
  const { stdout } = await rescue([`${pid}`], { NAT_KEEPALIVE_EXCLUDE: '127.0.0.0/8' })
  t.match(stdout, /No outbound connections: there is nothing to rescue/)
  t.strictSame(has(), before)
})

t.test('a refusal of the kernel has its reason, and nothing was done', async (t) => {
  const { pid, has } = await python(t)
  const filter = join(root, 'test/native-part/programs/refuse.py')
  for (const call of ['pidfd_getfd', 'pidfd_open']) {
    const argv = [process.execPath, bin, 'rescue', `${pid}`, '--loopback']
    const [command = '', ...args] = ['/usr/bin/python3', filter, call, ...withEnv({}, argv)]
    const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' })
    t.equal(status, 3)
    t.match(stdout.replace(/\s+/g, ' '), /Nothing was done to its descriptors: .*EPERM.* Next: /)
    t.strictSame(has(), before)
  }
})

t.test('wrong usage', async (t) => {
  const table: readonly [string[], Record<string, string>, RegExp][] = [
    [[], {}, /A PID is missing/],
    [['mine'], {}, /"mine" is no whole number/],
    [['2147483'], {}, /There is no process 2147483/],
    [[`${process.pid}`], { NAT_KEEPALIVE_DELAY: '45' }, /DELAY="45" was refused/],
    [[`${process.pid}`, '--limit', '9'], {}, /--limit "9" was refused/],
  ]
  for (const [args, env, message] of table) {
    const { code, stdout, stderr } = await rescue(args, env)
    t.strictSame([code, stdout], [2, ''])
    t.match(stderr, message)
  }
})

t.test('the whole help', async (t) => {
  matchExpected(t, (await runNode([bin, 'rescue', '--help'])).stdout, 'help-rescue.txt')
})
