import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { temporaryFolder } from '../examples/mounts'
import { ensurePackages } from '../packages'
import { register, runNode } from '../run-node'
import { assertBare, assertProtected, type Observed } from './compare'
import { createNetwork } from './network'

const service = join(__dirname, 'programs/service.cjs')
const network = createNetwork(t)
const packages = ensurePackages(__dirname)

interface Way {
  readonly mode: 'fork' | 'cluster'
  readonly nodeArgs?: string
  readonly NODE_OPTIONS?: string
}

interface Described {
  name: string
  pid: number
  pm2_env: { status: string; restart_time: number; exec_mode: string; pm_out_log_path: string }
}

const COUNT = 2

/** Runs two of the service under a PM2 of their own until each has asked, and ends it again. */
async function underPm2(t: Test, { mode, nodeArgs, NODE_OPTIONS = '' }: Way) {
  const home = temporaryFolder(t, 'pm2-')
  const { inside, observe } = await network
  const observer = await observe()
  const bin = join(await packages, 'pm2/bin/pm2')
  const env = { PM2_HOME: home, HOME: home, PM2_DISABLE_VERSION_CHECK: 'true', NO_COLOR: '1' }
  const pm2 = async (...args: string[]) => {
    const [node = '', ...rest] = inside([process.execPath, bin, ...args])
    return runNode(rest, { node, env: { ...env, NODE_OPTIONS } })
  }
  const daemon = () => Number(readFileSync(join(home, 'pm2.pid'), 'utf8'))
  try {
    const flags = nodeArgs === undefined ? [] : ['--node-args', nodeArgs]
    const instances = mode === 'cluster' ? ['-i', String(COUNT)] : []
    for (let i = 0; i < (mode === 'cluster' ? 1 : COUNT); i++) {
      const name = ['--name', `service-${i}`]
      const args = ['start', service, ...name, ...instances, ...flags, '--', String(observer.port)]
      const started = await pm2(...args)
      t.equal(started.code, 0, started.stdout + started.stderr)
    }
    for (let wait = 0; wait < 200 && observer.looks.length < 2 * COUNT; wait++) await sleep(50)
    // A service that would fall over would do it now.
    await sleep(200)
    const listed = await pm2('jlist')
    const processes = JSON.parse(listed.stdout.slice(listed.stdout.indexOf('[{'))) as Described[]
    const seen = processes.map(({ pm2_env }) => ({
      status: pm2_env.status,
      restarts: pm2_env.restart_time,
      mode: pm2_env.exec_mode,
      printed: readFileSync(pm2_env.pm_out_log_path, 'utf8'),
      complained: readFileSync(pm2_env.pm_out_log_path.replace('-out', '-error'), 'utf8'),
    }))
    const pids = processes.map(({ pid }) => pid)
    t.strictSame([...new Set(observer.looks.map(({ pid }) => pid))].sort(), pids.sort())
    return { seen, looks: observer.looks }
  } finally {
    const pid = daemon()
    await pm2('kill')
    t.ok(await ended(pid), 'the daemon has ended')
    observer.close()
  }
}

/** Waits until nothing of a process is left but what its parent has to fetch. */
async function ended(pid: number): Promise<boolean> {
  for (let wait = 0; wait < 100; wait++) {
    try {
      if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return true
    } catch {
      return true
    }
    await sleep(50)
  }
  process.kill(pid, 'SIGKILL')
  return false
}

const asObserved = (looks: Observed['looks']): Observed => ({
  run: { code: null, signal: null, stdout: '', stderr: '' },
  looks,
})

for (const mode of ['fork', 'cluster'] as const) {
  t.test(`PM2 in ${mode} mode`, async (t) => {
    const plain = await underPm2(t, { mode })
    assertBare(t, asObserved(plain.looks), 'without the hook')
    t.equal(plain.seen.length, COUNT)
    t.match(plain.seen, Array(COUNT).fill({ status: 'online', restarts: 0, complained: /^$/ }))
    t.match(plain.seen, Array(COUNT).fill({ mode: `${mode}_mode`, printed: 'service http answer' }))
    const ways: Readonly<Record<string, Way>> = {
      'by its node_args': { mode, nodeArgs: `-r ${register}` },
      'by NODE_OPTIONS': { mode, NODE_OPTIONS: `--require ${register}` },
    }
    for (const [name, way] of Object.entries(ways)) {
      const { seen, looks } = await underPm2(t, way)
      t.strictSame(seen, plain.seen, `${name}: it is the same`)
      assertProtected(t, asObserved(looks), name)
    }
  })
}
