import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createLab, type Lab, type LabOptions } from '../../src/lab/lab'
import type { MeasureReport } from '../../src/measure/report'
import { register, root } from '../run-node'
import { needLab } from './need-lab'

// Several labs at once, all with the same addresses.
t.jobs = 4

// tap's own NODE_OPTIONS are not for the programs in the lab.
const { NODE_OPTIONS: _, ...env } = process.env
const bin = join(root, 'dist', 'bin.js')
const port = '7000'

/** Closes what it has accepted after so many milliseconds, or never. */
function serverProgram(address: string, closeAfterMs: number | null): string {
  const close = closeAfterMs === null ? '' : `setTimeout(() => socket.end(), ${closeAfterMs})`
  return `
    require('node:net').createServer((socket) => {
      socket.on('error', () => {}).resume()
      ${close}
    }).listen(${port}, '${address}', () => console.log('listening'))
  `
}

async function listen(lab: Lab, address: string, closeAfterMs: number | null = null) {
  const argv = [process.execPath, '-e', serverProgram(address, closeAfterMs)]
  const server = lab.spawn('server', argv, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(server.stdout as NonNullable<ChildProcess['stdout']>, 'data')
}

interface Measured {
  readonly code: number | null
  readonly report: MeasureReport
  readonly stderr: string
}

interface How {
  readonly env?: Record<string, string>
  /** What happens meanwhile. */
  readonly meanwhile?: (child: ChildProcess) => Promise<void>
}

async function measured(lab: Lab, args: readonly string[], how: How = {}): Promise<Measured> {
  const child = lab.spawn('client', [process.execPath, bin, 'measure', ...args, '--json'], {
    env: { ...env, ...how.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => (said.stdout += chunk))
  child.stderr?.on('data', (chunk) => (said.stderr += chunk))
  const closed = once(child, 'close')
  await how.meanwhile?.(child)
  const [code] = await closed
  if (said.stdout === '') throw new Error(`nothing was measured: ${code} ${said.stderr}`)
  return { code, report: JSON.parse(said.stdout), stderr: said.stderr }
}

/** Waits until it says that on stderr. */
function says(child: ChildProcess, text: string): Promise<void> {
  let said = ''
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      said += chunk
      if (said.includes(text)) resolve()
    })
    child.on('close', () => reject(new Error(`it never said "${text}": ${said}`)))
  })
}

async function labOf(
  t: { teardown(handler: () => unknown): unknown },
  options: LabOptions,
): Promise<Lab> {
  const lab = await createLab(options)
  t.teardown(() => lab.close())
  return lab
}

/** Within a second below the limit, and less above it. */
function bracketsLimit(t: Test, { conclusion }: MeasureReport, limitMs: number): void {
  if (conclusion.kind !== 'limit') {
    t.fail(JSON.stringify(conclusion))
    return
  }
  const { atLeastMs, lessThanMs } = conclusion
  t.ok(
    (atLeastMs ?? 0) >= limitMs - 1_000 && (atLeastMs ?? 0) <= limitMs + 50,
    `at least ${atLeastMs}`,
  )
  t.ok(lessThanMs >= limitMs - 50 && lessThanMs <= limitMs + 1_000, `less than ${lessThanMs}`)
}

t.test(
  'a NAT that resets after 5 s is found in under 20 s, under the hook too',
  { buffered: true },
  async (t) => {
    if (!needLab(t)) return
    const lab = await labOf(t, { limitSeconds: 5, expiry: 'reset' })
    await listen(lab, lab.serverAddress)
    // Were its connections not left alone, the NAT would never forget them.
    const hook = { NODE_OPTIONS: `--require=${register}`, NAT_KEEPALIVE_DELAY: '1s' }
    const { code, report, stderr } = await measured(lab, [`${lab.serverAddress}:${port}`], {
      env: hook,
    })
    bracketsLimit(t, report, 5_000)
    t.ok(report.tookMs < 20_000, `${report.tookMs} ms`)
    t.match(report, {
      control: { outcome: 'answered' },
      conclusion: { meets: 'reset' },
      settings: { NAT_KEEPALIVE_LIMIT: '4s' },
    })
    t.ok(report.connections <= 32, `${report.connections} connections`)
    t.equal(code, 0, 'the delay of 1 s suits it')
    t.match(stderr.replace(/\s+/g, ' '), 'at most 32 in all', 'said beforehand')
  },
)

t.test(
  'a NAT that drops after 4 s, and a name with two addresses',
  { buffered: true },
  async (t) => {
    if (!needLab(t)) return
    const lab = await labOf(t, { limitSeconds: 4, expiry: 'drop' })
    const [first, second] = lab.serverAddresses
    // Only in the lab's own mount namespace.
    const hosts = `printf '${first} two.test\\n${second} two.test\\n' > /run/hosts && mount --bind /run/hosts /etc/hosts`
    const mounted = await lab.run('client', ['sh', '-c', hosts], { cwd: '/' })
    t.equal(mounted.code, 0, mounted.stderr)
    await listen(lab, second)
    const { code, report } = await measured(lab, [`two.test:${port}`, '--up-to', '7s'])
    bracketsLimit(t, report, 4_000)
    t.match(report, {
      conclusion: { meets: 'nothing' },
      target: { host: 'two.test', address: second, addresses: [first, second] },
    })
    t.equal(code, 1, 'the delay of 45 s is too long for it')
  },
)

t.test('a server that closes after 4 s is said to', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const lab = await labOf(t, { limitSeconds: 60 })
  await listen(lab, lab.serverAddress, 4_000)
  const { code, report } = await measured(lab, [`${lab.serverAddress}:${port}`, '--up-to', '6s'])
  t.match(report, { conclusion: { kind: 'closes' }, settings: {} })
  if (report.conclusion.kind === 'closes') {
    const { closesFromMs, closesToMs } = report.conclusion
    t.ok(closesFromMs > 3_800 && closesToMs < 5_000, `${closesFromMs} to ${closesToMs} ms`)
  }
  t.match(report.text.join(' '), /far end closes an idle connection after 4(\.\d)? s/)
  t.match(report.text.join(' '), /measure --serve PORT/)
  t.equal(code, 0)
})

t.test(
  'a path that swallows probes is told, and no limit is made of it',
  { buffered: true },
  async (t) => {
    if (!needLab(t)) return
    const lab = await labOf(t, { limitSeconds: 60 })
    await listen(lab, lab.serverAddress)
    const rules = `
echo 1 > /proc/sys/net/netfilter/nf_conntrack_acct
nft 'add table ip eater'
nft 'add chain ip eater forward { type filter hook forward priority -5; }'
nft 'add rule ip eater forward iifname "c1" ip length 52 tcp flags == ack ct original packets > 2 drop'
`
    const set = await lab.run('nat', ['sh', '-euc', rules], { cwd: '/' })
    t.equal(set.code, 0, set.stderr)
    const { code, report } = await measured(lab, [`${lab.serverAddress}:${port}`, '--up-to', '60s'])
    t.match(report, {
      control: { outcome: 'unanswered' },
      conclusion: { kind: 'swallowed' },
      settings: {},
    })
    t.ok(report.tookMs < 30_000, 'nothing is waited for that cannot tell anything')
    t.equal(code, 1)
  },
)

t.test('over IPv6', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const lab = await labOf(t, { limitSeconds: 4, expiry: 'reset' })
  const must = async (where: 'client' | 'nat' | 'server', script: string) => {
    const { code, stderr } = await lab.run(where, ['sh', '-euc', script], { cwd: '/' })
    t.equal(code, 0, stderr)
  }
  await must(
    'nat',
    `
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
ip addr add 2001:db8:1::1/64 dev c1 nodad
ip addr add 2001:db8:2::1/64 dev s1 nodad
nft 'add table ip6 lab6'
nft 'add chain ip6 lab6 forward { type filter hook forward priority 0; }'
nft 'add rule ip6 lab6 forward ct state invalid reject with tcp reset'
`,
  )
  await must(
    'client',
    'ip addr add 2001:db8:1::2/64 dev c0 nodad; ip -6 route add 2001:db8:2::/64 via 2001:db8:1::1',
  )
  await must(
    'server',
    'ip addr add 2001:db8:2::2/64 dev s0 nodad; ip -6 route add 2001:db8:1::/64 via 2001:db8:2::1',
  )
  await listen(lab, '2001:db8:2::2')
  const { report } = await measured(lab, [`[2001:db8:2::2]:${port}`, '--up-to', '6s'])
  bracketsLimit(t, report, 4_000)
  t.equal(report.target.address, '2001:db8:2::2')
})

t.test('an outage is no limit', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const lab = await labOf(t, { limitSeconds: 60 })
  await listen(lab, lab.serverAddress)
  const meanwhile = async (child: ChildProcess) => {
    await says(child, 'control, ')
    await lab.outage(true)
  }
  const { report } = await measured(lab, [`${lab.serverAddress}:${port}`, '--steps', '5s'], {
    meanwhile,
  })
  t.match(report, { conclusion: { kind: 'none' }, rungs: [{ outcome: 'unclear' }] })
})

t.test('Ctrl-C gives the bounds so far', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const lab = await labOf(t, { limitSeconds: 60 })
  await listen(lab, lab.serverAddress)
  const meanwhile = async (child: ChildProcess) => {
    await says(child, '\n3 s: ')
    await sleep(100)
    child.kill('SIGINT')
  }
  const { code, report } = await measured(
    lab,
    [`${lab.serverAddress}:${port}`, '--steps', '3s,10m'],
    { meanwhile },
  )
  t.equal(code, 130)
  t.match(report, {
    interrupted: true,
    conclusion: { kind: 'none' },
    rungs: [{ outcome: 'answered' }, { outcome: 'stopped' }],
  })
  t.ok((report.conclusion.atLeastMs ?? 0) >= 3_000)
})
