import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createLab, type Lab, type LabOptions } from '../../src/lab/lab'
import { needLab } from '../lab/need-lab'
import { ensurePackages } from '../packages'
import { commandOf, type Ran, ranOf, type Told, unprotected } from './run-in-lab'

// What is told of the death of each kind of client, for each way to die, with keepalive and without.

const KINDS = [
  'http',
  'https',
  'http2',
  'fetch',
  'undici',
  'ws',
  'pg',
  'pg+tls',
  'mysql2',
  'ioredis',
  'tunnel',
] as const

/**
 * The code of what was told, and the end or the cause that it names; `-`: nothing was told. After `~` it
 * may be told or not, which the beat decides. What is known to be wanting: mysql2 and ioredis end their own
 * connection in good order, so that the peer's FIN is told, with the doubt in its text; and of what is
 * lost after a standstill nothing is told here.
 */
const EXPECTED = `
                          http             https            http2            fetch            undici           ws               pg               pg+tls           mysql2           ioredis          tunnel
NAT reset, excluded       301 reset        301 reset        301 reset        -                301 reset        301 reset        301 reset        301 reset        301 reset        301 reset        301 reset
NAT reset, protected      -                -                -                -                -                -                -                -                -                -                -
NAT drop, excluded        301 timed-out    301 timed-out    301 timed-out    -                301 timed-out    301 timed-out    301 timed-out    301 timed-out    301 timed-out    301 timed-out    301 timed-out
NAT drop, protected       -                -                -                -                -                -                -                -                -                -                -
peer FIN, excluded        303 hang-up      303 hang-up      303 hang-up      303 hang-up      303 hang-up      -                303 hang-up      303 hang-up      303 hang-up      303 hang-up      303 hang-up
peer FIN, protected       303 hang-up      303 hang-up      303 hang-up      303 hang-up      303 hang-up      -                303 hang-up      303 hang-up      303 hang-up      303 hang-up      303 hang-up
peer reset, excluded      301 reset        301 reset        301 reset        301 reset        301 reset        301 reset        301 reset        301 reset        301 reset        301 reset        301 reset
peer reset, protected     303 reset        303 reset        303 reset        303 reset        303 reset        -                303 reset        303 reset        303 reset        303 reset        303 reset
reset at once, excluded   -                -                -                -                -                ~301 reset       -                -                -                -                -
reset at once, protected  -                -                -                -                -                -                -                -                -                -                -
client timer, excluded    301 given up     301 given up     -                301 given up     301 given up     -                -                -                -                301 given up     301 given up
client timer, protected   303 timer        303 timer        -                303 timer        303 timer        -                -                -                -                303 timer        303 timer
own abort, excluded       -                -                -                -                -                -                -                -                303 hang-up      303 hang-up      -
own abort, protected      -                -                -                -                -                -                -                -                303 hang-up      303 hang-up      -
freeze, excluded          -                -                -                -                -                -                -                -                -                -                -
freeze, protected         -                -                -                -                -                -                -                -                -                -                -
outage, excluded          -                -                -                -                -                -                -                -                -                -                -
outage, protected         ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out
probes eaten, excluded    -                -                -                -                -                -                -                -                -                -                -
probes eaten, protected   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out   ~302 timed-out
`

const FIRST = 26
const WIDTH = 17

/** What happens beside the program: after so many milliseconds, counted from the second exchange. */
interface Way {
  readonly name: string
  readonly lab?: LabOptions
  readonly program: Readonly<Record<string, string>>
  readonly hook?: Readonly<Record<string, string>>
  readonly before?: (lab: Lab) => Promise<unknown>
  readonly event?: string
  readonly afterMs?: number
  readonly act?: (lab: Lab, tell: (how: string) => void) => unknown
}

/** A gateway that forgets nothing. */
const KEEPS: LabOptions = { limitSeconds: 600, expiry: 'reset' }
const SHORT = { NAT_KEEPALIVE_LIMIT: '2s', NAT_KEEPALIVE_DELAY: '1s' }
const IMPATIENT = { ...SHORT, NAT_KEEPALIVE_INTERVAL: '1s', NAT_KEEPALIVE_GIVE_UP: '3s' }
/** Some looks lie between what was answered and what waits. */
const WAITS = { IDLE_MS: '1500', LAST_MS: '7000' }
const WAITS_LONG = { IDLE_MS: '0', LAST_MS: '15000' }

const WAYS: readonly Way[] = [
  {
    name: 'NAT reset',
    lab: { limitSeconds: 3, expiry: 'reset' },
    program: { IDLE_MS: '7000', LAST_MS: '3000' },
  },
  {
    name: 'NAT drop',
    lab: { limitSeconds: 3, expiry: 'drop' },
    program: { IDLE_MS: '7000', LAST_MS: '9000' },
    // The kernel gives up after some seconds instead of a quarter of an hour.
    before: (lab) =>
      lab.run('client', ['sh', '-c', 'echo 3 > /proc/sys/net/ipv4/tcp_retries2'], { cwd: '/' }),
  },
  { name: 'peer FIN', program: WAITS, hook: SHORT, afterMs: 4_000, act: (_, tell) => tell('fin') },
  {
    name: 'peer reset',
    program: WAITS,
    hook: SHORT,
    afterMs: 4_000,
    act: (_, tell) => tell('reset'),
  },
  {
    name: 'reset at once',
    program: { IDLE_MS: '0', LAST_MS: '3000' },
    hook: SHORT,
    afterMs: 300,
    act: (_, tell) => tell('reset'),
  },
  { name: 'client timer', program: { ...WAITS, HOW: 'timer', END_MS: '4000' }, hook: SHORT },
  {
    name: 'own abort',
    program: { ...WAITS, HOW: 'abort', END_MS: '4000', LAST_MS: '2000' },
    hook: SHORT,
  },
  {
    name: 'freeze',
    program: { IDLE_MS: '6000', HOW: 'freeze', LAST_MS: '3000' },
    hook: { NAT_KEEPALIVE_LIMIT: '2s' },
    event: 'warm',
    afterMs: 4_000,
    act: (_, tell) => tell('fin'),
  },
  {
    name: 'outage',
    program: WAITS_LONG,
    hook: IMPATIENT,
    afterMs: 1_000,
    act: (lab) => lab.outage(true),
  },
  { name: 'probes eaten', program: WAITS_LONG, hook: IMPATIENT, before: (lab) => lab.eatProbes(0) },
]

if (needLab(t)) {
  // Nearly all of it is waiting.
  t.jobs = 4
  const rows: string[] = []
  for (const way of WAYS) {
    t.test(way.name, { buffered: true, timeout: 120_000 }, async (t) => {
      rows.push(...(await rowsOf(t, way)))
    })
  }
  t.test('the sentence is right in every cell, or nothing is said', { buffered: false }, (t) => {
    const inOrder = WAYS.flatMap(({ name }) => rows.filter((row) => row.startsWith(`${name},`)))
    const head = ['', ...KINDS].map(padded).join('').trimEnd()
    t.equal(settled(`\n${[head, ...inOrder].join('\n')}\n`), EXPECTED)
    t.end()
  })
}

/** The table as it is expected in the cells that are left open there. */
function settled(seen: string): string {
  const expected = EXPECTED.split('\n')
  return seen
    .split('\n')
    .map((row, index) => {
      const wanted = cellsIn(expected[index] ?? '')
      const cells = cellsIn(row).map((cell, column) => {
        const open = wanted[column] ?? ''
        return open.startsWith('~') && (cell === '-' || `~${cell}` === open) ? open : cell
      })
      return cells.map(padded).join('').trimEnd()
    })
    .join('\n')
}

function cellsIn(row: string): string[] {
  if (row === '') return []
  const cells = [row.slice(0, FIRST).trim()]
  for (let at = FIRST; at < row.length; at += WIDTH) cells.push(row.slice(at, at + WIDTH).trim())
  return cells
}

function padded(cell: string, column: number): string {
  return cell.padEnd(column === 0 ? FIRST : WIDTH)
}

/** Two rows: without protection, and with it. */
async function rowsOf(t: Test, way: Way): Promise<string[]> {
  const lab = await createLab(way.lab ?? KEEPS)
  t.teardown(() => lab.close())
  await way.before?.(lab)
  const rows = { excluded: unprotected(lab), protected: {} }
  return Promise.all(
    Object.entries(rows).map(async ([name, hook]) => {
      const cells = await cellsOf(t, lab, way, hook)
      return [`${way.name}, ${name}`, ...cells].map(padded).join('').trimEnd()
    }),
  )
}

async function cellsOf(t: Test, lab: Lab, way: Way, hook: Record<string, string>) {
  const server = lab.spawn(
    'server',
    [process.execPath, join(__dirname, 'servers', 'matrix.cjs'), lab.serverAddress],
    { env: { PATH: process.env.PATH }, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const [line] = await once(server.stdout ?? server, 'data')
  const ports: Record<string, number> = JSON.parse(String(line))
  const settings = {
    PORTS: JSON.stringify(ports),
    NODE_PATH: await ensurePackages(join(__dirname, '..', 'clients')),
    ...way.program,
  }
  const tell = (how: string) => void server.stdin?.write(how)
  const env = { NAT_KEEPALIVE_IDLE_WARN: 'off', ...way.hook, ...hook }
  const command = commandOf(lab, 'matrix', settings, env)
  const ran = await ranWith(lab, command, async (said) => {
    if (!said.includes(`"${way.event ?? 'uses'}"`)) return
    await sleep(way.afterMs ?? 0)
    await way.act?.(lab, tell)
  })
  t.strictSame(
    ran.events.map(({ event }) => event),
    ['warm', 'uses'],
    `${way.name}: the program did what it is meant to`,
  )
  server.stdin?.end()
  return KINDS.map((kind) => cellOf(ran, `${lab.serverAddress}:${ports[kind]}`))
}

/** Runs a program, and tells of what it prints as soon as it does. */
async function ranWith(
  lab: Lab,
  { argv, env }: ReturnType<typeof commandOf>,
  onSaid: (text: string) => unknown,
): Promise<Ran> {
  const child = lab.spawn('client', argv, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (text) => {
    stdout += text
    onSaid(String(text))
  })
  child.stderr?.on('data', (text) => (stderr += text))
  await once(child, 'close')
  return ranOf({ stdout, stderr })
}

function cellOf({ told }: Ran, destination: string): string {
  const deaths = told.filter((one) => one.destination === destination && one.code >= 'NKA301')
  return deaths.map((one) => `${one.code.slice(3)} ${wordOf(one)}`).join(' + ') || '-'
}

/** What the text blames. */
function wordOf({ message, end }: Told): string {
  if (/the process stood still/.test(message)) return 'stood still'
  if (end === 'given-up') return /by the client/.test(message) ? 'timer' : 'given up'
  return end
}
