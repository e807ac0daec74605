import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createLab, type Lab } from '../../src/lab/lab'
import { deathNoticedMs, outageSurvivedMs, type Schedule } from '../../src/settings/schedule'
import { needLab } from '../lab/need-lab'
import { register, withEnv } from '../run-node'
import { setsProbes } from '../ways-expected'
import { type Binary, ensureBinaries } from './binaries'

// `npm run test:matrix` runs this; it is not called *.test.ts, so `npm test` does not.
// What an outage does to idle connections, by the schedule that is on them, in scaled-down time.

const COUNT = 9
/** The kernel's timers may fire an eighth late (kernel/time/timer.c), and the machine is busy. */
const LATE = 1.125
const BUSY_MS = 1_500

/** By the hook's settings; on Nodes that take only a delay the native part sees to it. */
const SOCKET: Schedule = { delayMs: 2_000, intervalMs: 2_000, probes: 4 }
/** The default, 45 s, 15 s and 24 probes: six minutes of silence are borne. Here a second is fifteen. */
const DEFAULT: Schedule = { delayMs: 3_000, intervalMs: 1_000, probes: 24 }
/** As on Nodes that take only a delay, without the native part: libuv's interval and count. */
const LIBUV: Schedule = { delayMs: 2_000, intervalMs: 1_000, probes: 10 }
/** As the sysctls of the lab say, by NAT_KEEPALIVE_MODE=kernel: libuv's would die of 11 s. */
const KERNEL: Schedule = { delayMs: 2_000, intervalMs: 4_000, probes: 4 }

interface Case {
  readonly name: string
  readonly binary: Binary
  readonly schedule: Schedule
  /** The length of an outage that nothing may notice. */
  readonly shortMs: number
  /** Null: without the hook. */
  readonly env: Record<string, string> | null
}

interface Seen {
  readonly id: number
  readonly event: string
  readonly at: number
}

const settings = {
  NAT_KEEPALIVE_DELAY: '2s',
  NAT_KEEPALIVE_INTERVAL: '2s',
  NAT_KEEPALIVE_PROBES: '4',
}
const byDefault = {
  NAT_KEEPALIVE_DELAY: '3s',
  NAT_KEEPALIVE_INTERVAL: '1s',
  NAT_KEEPALIVE_GIVE_UP: '24s',
}
const kernelMode = { NAT_KEEPALIVE_MODE: 'kernel' }

function casesOf(binaries: readonly Binary[]): Case[] {
  const taking = binaries.filter(({ version }) => setsProbes(version))
  const major = ({ version }: Binary) => Number.parseInt(version, 10)
  const newestOf = (of: readonly Binary[]) =>
    of.filter((one, at) => at + 1 === of.length || major(of[at + 1] as Binary) > major(one))
  const older = newestOf(binaries.filter(({ version }) => !setsProbes(version)))
  const newest = binaries.slice(-1)
  const make = (of: readonly Binary[], rest: Omit<Case, 'binary'>) =>
    of.map((binary) => ({ ...rest, binary }))
  return [
    // Five minutes, as on AWS and Azure; by then their gateways have forgotten the connection.
    ...make([...older.slice(0, 1), ...newestOf(binaries)], {
      name: 'as by default',
      schedule: DEFAULT,
      shortMs: 20_000,
      env: byDefault,
    }),
    ...make([...taking, ...older.slice(-1)], {
      name: '2 s x 4',
      schedule: SOCKET,
      shortMs: 5_500,
      env: settings,
    }),
    ...make([...older.slice(0, 1), ...older.slice(-1)], {
      name: 'libuv 1 s x 10',
      schedule: LIBUV,
      shortMs: 8_000,
      env: { ...settings, NAT_KEEPALIVE_NATIVE: 'off' },
    }),
    ...make([...older.slice(0, 1), ...older.slice(-1), ...newest], {
      name: 'kernel mode 4 s x 4',
      schedule: KERNEL,
      shortMs: 11_000,
      env: kernelMode,
    }),
    ...make(newest, { name: 'no hook', schedule: SOCKET, shortMs: 5_500, env: null }),
  ]
}

/** Starts the server and the client in a lab and waits until every connection is open. */
async function start(lab: Lab, { binary, schedule, env }: Case) {
  const program = (name: string) => join(__dirname, 'programs', `${name}.cjs`)
  await setSysctls(lab, schedule)
  const serving = [process.execPath, program('outage-server'), lab.serverAddress]
  const server = lab.spawn('server', withEnv({}, serving), { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(server.stdout as NodeJS.ReadableStream, 'data')
  const { plain, secure } = JSON.parse(String(line))
  const flags = env === null ? [] : ['-r', register]
  const addresses = {
    TARGET: lab.serverAddress,
    REFUSING: lab.serverAddresses[1],
    PLAIN: String(plain),
    SECURE: String(secure),
  }
  const client = lab.spawn(
    'client',
    withEnv({ NAT_KEEPALIVE_SYSCTL: 'off', ...env, ...addresses }, [
      binary.node,
      ...flags,
      program('outage-client'),
    ]),
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  let said = ''
  client.stdout?.on('data', (text) => (said += text))
  const seen = () =>
    said
      .split('\n')
      .slice(0, -1)
      .map((text) => JSON.parse(text) as Seen)
  const count = (event: string) => seen().filter((one) => one.event === event).length
  const until = async (event: string, timeoutMs: number) => {
    const deadline = Date.now() + timeoutMs
    while (count(event) < COUNT && Date.now() < deadline) await sleep(50)
    return count(event)
  }
  return { seen, until, speak: () => client.stdin?.write('hello\n') }
}

async function setSysctls(lab: Lab, { delayMs, intervalMs, probes }: Schedule): Promise<void> {
  const values = { time: delayMs / 1_000, intvl: intervalMs / 1_000, probes }
  const script = Object.entries(values)
    .map(([name, value]) => `echo ${value} > /proc/sys/net/ipv4/tcp_keepalive_${name}`)
    .join(' && ')
  const { code, stderr } = await lab.run('client', ['sh', '-c', script])
  if (code !== 0) throw new Error(`The sysctls cannot be set in the lab: ${stderr}`)
}

async function endure(t: Test, one: Case): Promise<string> {
  const { schedule, shortMs, env } = one
  const lab = await createLab({ limitSeconds: 60 })
  t.teardown(() => lab.close())
  const { seen, until, speak } = await start(lab, one)
  t.equal(await until('open', 20_000), COUNT, 'all connect')
  const deaths = () => seen().filter(({ event }) => !['open', 'answered'].includes(event))
  // From here on each is probed, at a time of its own, and what Node could not set has been topped up.
  await sleep(2 * schedule.delayMs)

  t.ok(shortMs < outageSurvivedMs(schedule), 'the outage is one that is survived')
  await lab.outage(true)
  await sleep(shortMs)
  await lab.outage(false)
  await sleep(schedule.intervalMs)
  speak()
  t.equal(await until('answered', 10_000), COUNT, `all live after ${shortMs} ms`)
  t.strictSame(deaths(), [], 'and nothing noticed')

  const begun = Date.now()
  await lab.outage(true)
  const latestMs = deathNoticedMs(schedule) * LATE + BUSY_MS
  await sleep(latestMs)
  const after = deaths().map(({ at }) => at - begun)
  const range = `${Math.min(...after)} to ${Math.max(...after)} ms`
  if (env === null) {
    t.strictSame(after, [], 'without the hook nobody notices that the path is dead')
    return `survived ${shortMs} ms, never noticed that the path is dead`
  }
  t.strictSame(
    deaths().map(({ event }) => event),
    Array(COUNT).fill('ETIMEDOUT'),
    `all notice within ${latestMs} ms`,
  )
  const earliestMs = schedule.intervalMs * schedule.probes
  t.ok(Math.min(...after) >= earliestMs, `none before ${earliestMs} ms: ${range}`)
  return `survived ${shortMs} ms, noticed a dead path after ${range}`
}

t.test('outages, by Node and schedule', async (t) => {
  if (!needLab(t)) return
  t.jobs = 6
  const cases = casesOf(await ensureBinaries())
  const lines: string[] = []
  const all = cases.map((one, at) =>
    t.test(`Node ${one.binary.version}, ${one.name}`, { buffered: true }, async (t) => {
      const title = `${one.binary.version.padEnd(8)}  ${one.name.padEnd(19)}`
      lines[at] = `${title}  failed`
      lines[at] = `${title}  ${await endure(t, one)}`
      process.stderr.write(`outage, ${lines[at]}\n`)
    }),
  )
  await Promise.all(all)
  t.comment(`Idle connections (${COUNT} each):\n${lines.join('\n')}`)
})
