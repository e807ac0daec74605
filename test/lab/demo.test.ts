import { type ChildProcess, spawn } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Measurements } from '../../src/demo/measurements'
import { times } from '../../src/demo/nat'
import { cleanEnv } from '../../src/demo/program'
import { root, runNode } from '../run-node'
import { off } from '../unit/demo/samples'
import { needLab } from './need-lab'

const bin = join(root, 'dist', 'bin.js')
const noTools = { PATH: '/no-such-folder' }

t.test('the demo', { buffered: true }, async (t) => {
  if (!needLab(t)) return
  const startedAt = Date.now()
  const run = await runNode([bin, 'demo', '--json'], {
    env: { NODE_OPTIONS: '--no-deprecation', NAT_KEEPALIVE_DELAY: '500s' },
    timeoutMs: 60_000,
  })
  t.match(run, { code: 0, stderr: '' })
  t.ok(Date.now() - startedAt < 40_000, 'it takes less than 40 s')
  const { loopback, nat, natWhy, problems }: Measurements = JSON.parse(run.stdout)
  t.strictSame(problems, [])
  t.match(loopback.without, off)
  t.match(loopback.with, { armed: true, why: null })
  const first = loopback.with.nextTimerMs ?? 0
  t.ok(first > 40_000 && first <= 45_000, `the first probe comes in ${first} ms`)
  t.equal(natWhy, null)
  t.strictSame(
    nat?.gateways.map(({ expiry }) => expiry),
    ['reset', 'drop'],
  )
  for (const { without, with: withHook } of nat?.gateways ?? []) {
    t.match(without.client, { outcome: 'waiting', code: null })
    t.match(withHook.client, { outcome: 'answered', code: null })
    t.match(without.kernel, { armed: false })
    t.match(withHook.kernel, { armed: true })
    for (const ms of [without.answeredMs, withHook.answeredMs, withHook.client.ms]) {
      t.ok(ms !== null && ms >= 10_990 && ms < 14_000, `answered after ${ms} ms`)
    }
    t.ok(without.client.ms >= times.giveUpMs)
    t.equal(withHook.forgottenMs, null)
    if (without.why === null) {
      const forgotten = without.forgottenMs ?? 0
      t.ok(forgotten > 4000 && forgotten < 9000, `forgotten by ${forgotten} ms`)
    }
  }
})

t.test('without the tools of a NAT, it says what to install and ends well', async (t) => {
  const run = await runNode([bin, 'demo'], { env: noTools })
  t.match(run, { code: 0, stderr: '' })
  for (const line of run.stdout.split('\n')) t.ok(line.length <= 80, line)
  t.match(run.stdout, /^ *`apt-get install -y .* nftables .*`\. Part 1/m)
  t.match(run.stdout, /first probe in 45 s/)
  const json = JSON.parse((await runNode([bin, 'demo', '--json'], { env: noTools })).stdout)
  t.match(json, { schema: 1, nat: null, natWhy: /apt-get install/, problems: [] })
})

t.test('a hook that does nothing is found out', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const demo = [join(folder, 'dist', 'bin.js'), 'demo']

  writeFileSync(join(folder, 'register.js'), '')
  const idle = await runNode(demo, { env: noTools })
  const stderr =
    'The demo does not show what it should. The request with nat-keepalive has no\nkeepalive.\n'
  t.match(idle, { code: 1, stderr })
  t.notMatch(idle.stdout, 'To protect a program')

  writeFileSync(join(folder, 'register.js'), 'process.exit(3)')
  t.match(await runNode(demo, { env: noTools }), { code: 1, stderr: /could not go on: .* with 3/s })
})

/** The processes that have `marker` in their environment, as the demo hands it on to all of its own. */
function processes(marker: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').includes(marker)
    } catch {
      return false
    }
  })
}

async function until(what: () => boolean): Promise<boolean> {
  const deadline = Date.now() + 20_000
  while (!what()) {
    if (Date.now() > deadline) return false
    await sleep(20)
  }
  return true
}

function exit(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
}

const endings = [
  { signal: 'SIGINT', code: 130 },
  { signal: 'SIGTERM', code: 143 },
  { signal: 'SIGKILL', code: 'SIGKILL' },
] as const
const parts = [
  // The demo itself, the service and both clients; then two holders and all that is behind them.
  { part: 1, atLeast: 2, needsLab: false },
  { part: 2, atLeast: 10, needsLab: true },
]
for (const { part, atLeast, needsLab } of parts) {
  for (const { signal, code } of endings) {
    t.test(`${signal} in part ${part} leaves nothing`, async (t) => {
      if (process.platform !== 'linux') {
        t.pass('processes are counted in /proc', { skip: true })
        return
      }
      if (needsLab && !needLab(t)) return
      const marker = `/demo-marker-${process.pid}-${part}-${signal}`
      const path = needsLab ? process.env.PATH : noTools.PATH
      const child = spawn(process.execPath, [bin, 'demo'], {
        env: { ...cleanEnv(process.env), PATH: `${path}:${marker}` },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let stderr = ''
      child.stderr.on('data', (text) => (stderr += text))
      const ended = exit(child)
      t.ok(await until(() => processes(marker).length >= atLeast), 'it has started')
      child.kill(signal)
      t.equal(await ended, code)
      t.ok(await until(() => processes(marker).length === 0), 'every process ends')
      t.equal(stderr, '')
    })
  }
}

t.test('a reader that goes away ends it', async (t) => {
  const child = spawn(process.execPath, [bin, 'demo'], {
    env: { ...cleanEnv(process.env), ...noTools },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = exit(child)
  child.stdout.destroy()
  t.equal(await ended, 143)
  t.equal(String((await child.stderr.toArray()).join('')), '')
})
