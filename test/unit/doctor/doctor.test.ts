import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Check } from '../../../src/doctor/checks/check'
import { checks, examine, renderText } from '../../../src/doctor/doctor'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { renderJson } from '../../../src/terminal/render-json'
import { createPaint } from '../../../src/terminal/terminal'
import { hostile, obeyed } from '../../hostile'
import { register, root, withEnv } from '../../run-node'
import { matchExpected } from '../cli/commands/expected'
import { machineWith, sysctls } from './checks/machine'

const plain = createPaint({ write() {} }, {})
const coloured = createPaint({ write() {}, isTTY: true }, {})

const hook = {
  'opt/nat-keepalive/register.js': '',
  'opt/nat-keepalive/package.json': '{"name":"nat-keepalive","version":"0.1.0"}',
}

const machines = {
  'an old node in a container': (t: Test) =>
    machineWith(t, { ...sysctls('7200'), '.dockerenv': '' }, { node: '20.20.2' }),
  'a pod in a cloud, all well': (t: Test) =>
    machineWith(
      t,
      { ...sysctls('45', '15', '4'), ...hook, 'sys/class/dmi/id/sys_vendor': 'Amazon EC2\n' },
      {
        env: {
          KUBERNETES_SERVICE_HOST: '10.0.0.1',
          NODE_OPTIONS: '--require=/opt/nat-keepalive/register.js',
          NAT_KEEPALIVE_PROFILE: 'aws-nat-gateway',
        },
      },
    ),
  'a system without /proc': (t: Test) =>
    machineWith(
      t,
      {},
      {
        platform: 'darwin',
        proc: createProcFs('/proc', 'darwin'),
        env: { NAT_KEEPALIVE_DELAI: '1s' },
      },
    ),
  'a Windows machine': (t: Test) =>
    machineWith(
      t,
      {},
      {
        platform: 'win32',
        proc: createProcFs('/proc', 'win32'),
        register: 'C:\\nat-keepalive\\register.js',
        node: '20.20.2',
      },
    ),
}

t.test('the whole text', async (t) => {
  for (const [name, machine] of Object.entries(machines)) {
    const diagnosis = await examine(machine(t))
    const text = renderText(diagnosis, plain)
    matchExpected(t, text, `doctor-${name.replaceAll(/[ ,/]+/g, '-')}.txt`)
    for (const row of text.split('\n')) {
      t.ok(row.length <= 80 || row.includes('`'), row)
      t.equal(row, row.trimEnd())
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
    const stripped = renderText(diagnosis, coloured).replace(/\x1b\[\d+m/g, '')
    t.equal(stripped, text, 'colour carries no meaning alone')
    t.not(renderText(diagnosis, coloured), text)
  }
})

t.test('it can be green: the hook covers JavaScript, whatever the kernel has', async (t) => {
  const findings = async (known: Parameters<typeof machineWith>[2]) => {
    const { checks: results } = await examine(
      machineWith(t, { ...sysctls('7200'), ...hook }, known),
    )
    return results.filter(({ verdict }) => verdict === 'finding').map(({ id }) => id)
  }
  const NODE_OPTIONS = '--require=/opt/nat-keepalive/register.js'
  t.strictSame(await findings({}), ['kernel'], 'without the hook')
  t.strictSame(await findings({ env: { NODE_OPTIONS } }), [])
  t.strictSame(await findings({ active: '0.1.0' }), [])
  t.strictSame(await findings({ env: { NODE_OPTIONS }, strict: true }), ['kernel'])
  t.strictSame(await findings({ active: '0.1.0', strict: true }), ['kernel', 'hook'])
  const kernelMode = { NODE_OPTIONS, NAT_KEEPALIVE_MODE: 'kernel' }
  t.ok((await findings({ env: kernelMode })).includes('kernel'), 'which leaves all to the kernel')
  t.strictSame(await findings({ env: { NODE_OPTIONS, NAT_KEEPALIVE: 'off' } }), ['kernel'])
  const gone = { NODE_OPTIONS: '--require=/gone/nat-keepalive/register.js' }
  t.ok((await findings({ env: gone })).includes('kernel'))
})

t.test('the JSON has the same checks, in the same order', async (t) => {
  const diagnosis = await examine(machines['an old node in a container'](t))
  const parsed = JSON.parse(renderJson(diagnosis))
  t.strictSame(parsed, JSON.parse(JSON.stringify(diagnosis)))
  t.strictSame(
    parsed.checks.map(({ id }: { id: string }) => id),
    [
      'kernel',
      'node',
      'schedule',
      'hook',
      'settings',
      'place',
      'sysctl-access',
      'native',
      'connections',
    ],
  )
  t.equal(parsed.checks.length, checks.length)
  t.match(parsed, { schema: 1, version: '0.1.0', limitMs: 240_000, counts: { finding: 1 } })
  t.match(parsed.checks[0].data, { known: true, timeSeconds: 7200, late: true })
})

t.test('a check that fails is not known, and spoils no other', async (t) => {
  const among: Check[] = [
    {
      id: 'slow',
      title: 'Slow',
      run: () => new Promise((resolve) => setTimeout(resolve, 50, fine)),
    },
    {
      id: 'broken',
      title: 'Broken',
      run() {
        throw new Error('it fell over')
      },
    },
    { id: 'rejected', title: 'Rejected', run: () => Promise.reject('no') },
    { id: 'fine', title: 'Fine', run: () => fine },
  ]
  const fine = { verdict: 'ok', seen: 'It is fine.', action: null, data: {} } as const
  const { checks: results, counts } = await examine(machineWith(t, {}), among)
  t.strictSame(
    results.map(({ id, verdict }) => `${id} ${verdict}`),
    ['slow ok', 'broken unknown', 'rejected unknown', 'fine ok'],
  )
  t.strictSame(counts, { ok: 2, advice: 0, finding: 0, unknown: 2 })
  t.match(results[1]?.seen, 'This check could not run: it fell over.')
  t.match(results[2]?.seen, 'This check could not run: no.')
})

t.test(
  'off Linux nothing is advised that is only there, and each thing is said once',
  async (t) => {
    for (const platform of ['darwin', 'win32', 'freebsd']) {
      for (const NAT_KEEPALIVE_MODE of ['socket', 'kernel']) {
        const known = { platform, env: { NAT_KEEPALIVE_MODE }, node: '20.20.2' } as const
        const proc = createProcFs('/proc', platform)
        const { checks: results } = await examine(machineWith(t, {}, { ...known, proc }))
        for (const { action, id } of results) {
          t.notMatch(action ?? '', /sysctl|\/proc|docker|\/etc/, `${platform} ${id}: ${action}`)
        }
        const texts = results.flatMap(({ action, seen }) => [action ?? '', seen])
        t.notMatch(texts.join(' '), platform === 'win32' ? /export / : /PowerShell/)
        const where = results.filter(({ seen }) => /hook sets keepalive and its times/.test(seen))
        if (NAT_KEEPALIVE_MODE === 'socket') t.ok(where.length > 0, 'it says what the hook does')
      }
    }
  },
)

t.test('nothing that stands in a variable or a file of the machine is obeyed', async (t) => {
  const path = `/x${hostile.replaceAll('\0', '')}/nat-keepalive/register.js`
  const machine = machineWith(
    t,
    {
      ...sysctls('7200'),
      'proc/self/cgroup': `0::/${hostile}`,
      'sys/class/dmi/id/sys_vendor': hostile,
    },
    {
      env: {
        NODE_OPTIONS: `--require "${path}"`,
        NAT_KEEPALIVE_DELAY: hostile,
        [`NAT_KEEPALIVE_${hostile}`]: hostile,
      },
    },
  )
  const failing: Check = {
    id: 'failing',
    title: 'Failing',
    run() {
      throw new Error(hostile)
    },
  }
  const diagnosis = await examine(machine, [...checks, failing])
  for (const { seen, action } of diagnosis.checks) {
    t.strictSame(obeyed(`${seen}${action}`), [])
    t.notMatch(`${seen}${action}`, '\n')
  }
  const text = renderText(diagnosis, plain)
  t.strictSame(obeyed(text), [])
  t.equal(text.match(/Process\s+1:\s+forged/g)?.length, 6, 'all of it is shown')
  const json = renderJson(diagnosis)
  t.strictSame(obeyed(json), [])
  t.equal(JSON.parse(json).checks[3].data.specifier, path, 'and as data it is what it was')
})

t.test('the machine is only looked at: no check changes the environment', async (t) => {
  const before = JSON.stringify(process.env)
  await examine(machineWith(t, sysctls('45')))
  t.equal(JSON.stringify(process.env), before)
})

/** Runs the doctor in a network namespace of its own. */
function inNamespace(seconds: number | null, env: Record<string, string> = {}, args = ['doctor']) {
  const set = seconds === null ? '' : `echo ${seconds} > /proc/sys/net/ipv4/tcp_keepalive_time &&`
  const bin = join(root, 'dist', 'bin.js')
  const script = ['unshare', '-rn', 'sh', '-c', `${set} exec "$@"`, 'sh', process.execPath, bin]
  const [command = '', ...rest] = withEnv(env, [...script, ...args])
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', cwd: root })
  return { code: status, stdout, stderr }
}

t.test('good sysctls are 0, late ones are 1 and the limit says why', (t) => {
  const table: readonly [seconds: number | null, env: Record<string, string>, code: number][] = [
    [45, {}, 0],
    [239, {}, 0],
    [240, {}, 1],
    [7200, {}, 1],
    [null, {}, 1],
    [45, { NAT_KEEPALIVE_LIMIT: '45s' }, 1],
    [45, { NAT_KEEPALIVE_LIMIT: '46s' }, 0],
    [45, { NAT_KEEPALIVE_LIMIT: '46' }, 1],
    [45, { NODE_OPTIONS: `--require ${register}` }, 0],
    [7200, { NODE_OPTIONS: `--require ${register}` }, 0],
    [7200, { NAT_KEEPALIVE_LIMIT: '3h' }, 0],
  ]
  for (const [seconds, env, expected] of table) {
    const { code, stdout, stderr } = inNamespace(seconds, { NAT_KEEPALIVE_SYSCTL: 'off', ...env })
    t.strictSame([code, stderr], [expected, ''], `${seconds} ${JSON.stringify(env)}`)
    t.match(stdout, /^9 checks: /m)
  }
  t.match(inNamespace(7200).stdout, /7200 s is not less than the idle limit\s+of 240 s/)
  t.end()
})

t.test('--json is the same verdict as data', (t) => {
  const bad = inNamespace(7200, {}, ['doctor', '--json'])
  t.equal(bad.code, 1)
  t.match(JSON.parse(bad.stdout), { counts: { finding: 1 }, node: process.versions.node })
  const good = inNamespace(45, {}, ['doctor', '--json'])
  t.equal(good.code, 0)
  t.match(JSON.parse(good.stdout), { counts: { finding: 0 } })
  t.end()
})
