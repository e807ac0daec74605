import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Report, ReportedSocket } from '../../../src/report/report'
import { register, root, runNode } from '../../run-node'

const fixtures = join(root, 'test/fixtures')

/** Runs a program that has report, install, exempt and servers at hand; returns its lines. */
async function run(body: string, env: Record<string, string> = {}, args: readonly string[] = []) {
  const source = `
    const net = require('node:net'), http = require('node:http')
    const { once } = require('node:events')
    const { install, exempt, report } = require(${JSON.stringify(root)})
    const { serve } = require(${JSON.stringify(join(fixtures, 'servers.cjs'))})
    const say = (value) => console.log(JSON.stringify(value))
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
    ;(async () => {
      const server = await serve('net')
      const { port } = server
      const open = async (options = {}) => {
        const socket = net.connect({ port, host: '127.0.0.1', ...options })
        await once(socket, 'connect')
        return socket
      }
      ${body}
      process.exit()
    })().catch((error) => { console.error(error); process.exit(1) })`
  const { stdout, stderr } = await runNode([...args, '-e', source], { env })
  const said = stdout.split('\n').filter(Boolean)
  return { stderr, said: said.map((line) => JSON.parse(line)) }
}

const preload = ['-r', register]

/** Then a look knows what the table says, and no more. */
const NO_NATIVE = { NAT_KEEPALIVE_NATIVE: 'off' }

const shape = {
  schema: 2,
  version: String,
  native: 'loaded',
  node: process.versions.node,
  pid: Number,
  takenAt: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  settings: Object,
  kernel: { sysctls: Object, why: null, skippedLines: 0 },
  counters: { opened: 1, open: 1, idleWarnings: 0, foreignWarnings: 0, lost: 0 },
  foreign: [],
  foreignWhy: null,
  learned: [],
}

const socketShape = {
  id: 1,
  remote: { host: '127.0.0.1', address: '127.0.0.1', port: Number },
  local: { address: '127.0.0.1', port: Number },
  openedAt: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  idleMs: Number,
  bytesRead: 0,
  bytesWritten: 0,
  asked: null,
  applied: { delayMs: 45_000, intervalMs: Number, probes: Number },
  kernel: {
    armed: true,
    nextTimerMs: Number,
    unansweredProbes: 0,
    unackedBytes: 0,
    lastAnswerMs: Number,
    options: { delayMs: 45_000, intervalMs: Number, probes: Number, userTimeoutMs: null },
    why: null,
  },
  verdict: 'safe',
  reason: /^The kernel probes after 45s idle; /,
  opener: { place: /^\[eval\]:\d+$/, package: null },
  request: null,
}

/** The names of all fields, those of objects below them too. */
function fields(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value)
    .flatMap(([name, inner]) => [`${prefix}${name}`, ...fields(inner, `${prefix}${name}.`)])
    .sort()
}

t.test('a report is what the contract says, field for field', async (t) => {
  const { said, stderr } = await run('await open(); say(report())', {}, preload)
  t.equal(stderr, '')
  const [{ sockets, settings, kernel, ...rest }] = said as [Report]
  const { settings: _settings, kernel: _kernel, ...restShape } = shape
  t.match(rest, restShape)
  t.same(fields(rest), fields(restShape))
  t.match(kernel, { sysctls: { timeSeconds: Number, intervalSeconds: Number, probes: Number } })
  t.match(settings, { limitMs: 240_000, delayMs: 45_000, mode: 'socket' })
  t.equal(sockets.length, 1)
  t.match(sockets[0], socketShape)
  t.same(fields(sockets[0]), fields(socketShape))
})

t.test('a report is plain data: JSON and structuredClone keep every bit of it', async (t) => {
  const { said, stderr } = await run(
    `const { isDeepStrictEqual } = require('node:util')
    const socket = await open()
    socket.setKeepAlive(true, 5000)
    for (const all of [report()]) {
      say(isDeepStrictEqual(JSON.parse(JSON.stringify(all)), all))
      say(isDeepStrictEqual(structuredClone(all), all))
    }`,
    { NAT_KEEPALIVE_IDLE_WARN: 'off', NAT_KEEPALIVE_PROFILE: 'aws-nat-gateway' },
    preload,
  )
  t.equal(stderr, '')
  t.same(said, [true, true])
})

t.test('what a program does to a report changes nothing else', async (t) => {
  const { said, stderr } = await run(
    `const socket = await open()
    socket.setKeepAlive(true, 5000)
    const before = JSON.stringify(report().sockets[0].opener)
    const mine = report()
    const [one] = mine.sockets
    for (const change of [
      () => { mine.settings.delayMs = 1 },
      () => { mine.settings.exclude.push('*.internal') },
      () => { one.asked.delayMs = 1 },
      () => { one.applied.delayMs = 1 },
      () => { one.opener.place = 'elsewhere' },
    ]) try { change() } catch {}
    const { settings, sockets: [again] } = report()
    say([settings.delayMs, settings.exclude, again.asked.delayMs, again.applied.delayMs])
    say(JSON.stringify(again.opener) === before)`,
    {},
    preload,
  )
  t.equal(stderr, '')
  t.same(said, [[45_000, [], 5_000, 5_000], true])
})

t.test('without the hook there are no settings, and every connection is foreign', async (t) => {
  const table: readonly [string, Record<string, string>, readonly string[]][] = [
    ['nobody installed it', {}, []],
    ['it is off', { NAT_KEEPALIVE: 'off' }, preload],
  ]
  for (const [name, env, args] of table) {
    const { said, stderr } = await run('await open(); say(report())', env, args)
    t.equal(stderr, '', name)
    t.match(said[0], { schema: 2, settings: null, counters: null, sockets: [] }, name)
    t.match(said[0].foreign, [
      {
        remote: { address: '127.0.0.1', port: Number },
        kernel: { armed: false, nextTimerMs: null, why: null },
        verdict: 'at-risk',
      },
    ])
    t.equal(said[0].foreign.length, 1, name)
  }
})

t.test('after an uninstall it is as if nobody had installed it', async (t) => {
  const { said } = await run(`
    const uninstall = install()
    await open()
    say(report().sockets.length)
    uninstall()
    say([report().settings, report().sockets.length])`)
  t.same(said, [1, [null, 0]])
})

t.test('the settings are those in force', async (t) => {
  const env = { NAT_KEEPALIVE_LIMIT: '100s', NAT_KEEPALIVE_EXCLUDE: '*.internal' }
  const { said } = await run('say(report().settings)', env, preload)
  t.match(said[0], { limitMs: 100_000, delayMs: 25_000, exclude: ['*.internal'] })
  const late = await run('install({ delayMs: 20000 }); say(report().settings.delayMs)')
  t.same(late.said, [20_000])
})

t.test('a request that waits is in the report, its answered ones are not', async (t) => {
  const { said } = await run(
    `const service = await serve('http')
    const agent = new http.Agent({ keepAlive: true })
    const options = { port: service.port, host: '127.0.0.1', agent, method: 'POST' }
    const request = http.request({ ...options, path: '/items?token=secret' }).end()
    await service.arrived()
    say(report().sockets.map(({ request }) => request))
    service.answer()
    const [response] = await once(request, 'response')
    response.resume()
    await once(response, 'end')
    await sleep(5)
    say(report().sockets.map(({ request }) => request))
    fetch('http://127.0.0.1:' + service.port + '/fetched?token=secret').catch(() => {})
    await service.arrived()
    say(report().sockets.map(({ request }) => request))`,
    {},
    preload,
  )
  t.same(said, [
    [{ method: 'POST', host: '127.0.0.1', path: null }],
    [null],
    [null, { method: 'GET', host: '127.0.0.1', path: null }],
  ])
})

t.test('what was asked and what was applied are told apart', async (t) => {
  const { said } = await run(
    `const longer = await open()
    longer.setKeepAlive(true, 600000)
    const shorter = await open()
    shorter.setKeepAlive(true, 5000)
    const off = await open()
    off.setKeepAlive(false)
    await open({ keepAlive: true, keepAliveInitialDelay: 7000 })
    const bare = await open({ host: 'localhost', family: 4 })
    say(report().sockets.map(({ asked, applied, kernel }) =>
      [asked && [asked.enable, asked.delayMs], applied && applied.delayMs, kernel.armed]))`,
    { NAT_KEEPALIVE_EXCLUDE: 'localhost' },
    preload,
  )
  t.same(said[0], [
    [[true, 600_000], 45_000, true],
    [[true, 5_000], 5_000, true],
    [[false, null], 45_000, true],
    [[true, 7_000], 7_000, true],
    [null, null, false],
  ])
})

t.test('the schedule that is reported is the one on the descriptor', async (t) => {
  const { said } = await run(
    `const { optionsOf } = require(${JSON.stringify(join(fixtures, 'kernel-options.cjs'))})
    const sockets = [await open(), await open(), await open()]
    sockets[1].setKeepAlive(true, 5000)
    sockets[2].setKeepAlive(true, 600000)
    const applied = report().sockets.map(({ applied }) => applied)
    for (const [index, socket] of sockets.entries()) {
      const { on, idle, interval, count } = optionsOf(socket._handle.fd)
      say([[true, applied[index].delayMs, applied[index].intervalMs, applied[index].probes],
        [on, idle * 1000, interval * 1000, count]])
    }`,
    {},
    preload,
  )
  t.equal(said.length, 3)
  for (const [applied, real] of said) t.same(applied, real)
})

t.test(
  'a delay that a later call left in place is not said to be that of the sysctls',
  async (t) => {
    const { said } = await run(
      `const { optionsOf } = require(${JSON.stringify(join(fixtures, 'kernel-options.cjs'))})
    const socket = await open()
    exempt(socket)
    socket.setKeepAlive(true)
    say([optionsOf(socket._handle.fd).idle, report().sockets[0].verdict])`,
      {},
      preload,
    )
    const [[idle, verdict]] = said as [[number, ReportedSocket['verdict']]]
    t.equal(idle, 45)
    t.not(verdict, 'at-risk')
  },
)

t.test('counters agree with the sockets, also right after some closed', async (t) => {
  const { said } = await run(
    `const sockets = [await open(), await open(), await open()]
    for (const socket of sockets.slice(1)) {
      socket.destroy()
      await once(socket, 'close')
    }
    const { counters, sockets: left } = report()
    say([counters.opened, counters.open, left.length])`,
    {},
    preload,
  )
  t.same(said, [[3, 1, 1]])
})

t.test('a connection that is not made yet is not reported', async (t) => {
  const { said } = await run(
    `net.connect({ host: 'slow.test', port, lookup() {} })
    await open()
    say(report().sockets.map(({ remote }) => remote.host))`,
    {},
    preload,
  )
  t.same(said, [['127.0.0.1']])
})

t.test('bytes and idle time are those of the connection', async (t) => {
  const { said } = await run(
    `const socket = await open()
    socket.write('four')
    await sleep(50)
    const { bytesWritten, bytesRead, openedAt } = report().sockets[0]
    say([bytesWritten, bytesRead, new Date(openedAt) <= new Date()])
    const quiet = await open()
    await sleep(50)
    say(report().sockets[1].idleMs >= 45)
    quiet.write('x')
    say(report().sockets[1].idleMs)`,
    {},
    preload,
  )
  t.same(said, [[4, 0, true], true, 0])
})

t.test('a late install does not know since when a connection is open, and says so', async (t) => {
  const { said } = await run(`
    await open()
    const connectedAt = Date.now()
    await sleep(100)
    install()
    const { openedAt } = report().sockets[0]
    say(openedAt === null || Date.parse(openedAt) <= connectedAt)`)
  t.same(said, [true])
})

t.test('a late install proves nothing by the age of what was open before', async (t) => {
  const body = `
    const socket = await open()
    socket._handle.setKeepAlive(true, 8)
    await sleep(4000)
    install({ limitMs: 6000, exclude: ['127.0.0.1'] })
    say(report().sockets.map(({ kernel, verdict }) => [kernel.armed, verdict]))`
  const { said } = await run(body, NO_NATIVE)
  t.same(said, [[[true, 'unknown']]])
  t.same((await run(body)).said, [[[true, 'at-risk']]], 'but the native part knows')
})

t.test('a delay that something else has changed is not taken for ours again', async (t) => {
  const { said } = await run(
    `const { setKeepIdle } = require(${JSON.stringify(join(fixtures, 'native-socket.cjs'))})
    const socket = await open()
    const verdict = () => report().sockets.map(({ verdict }) => verdict).join()
    const left = () => report().sockets[0].kernel.nextTimerMs
    say(verdict())
    // Past Node and the hook, as native code does.
    setKeepIdle(socket._handle.fd, 8)
    say(verdict())
    while (left() > 2_000) await sleep(50)
    say(verdict())
    // The same again does not reach the kernel.
    socket.setKeepAlive(true, 60_000)
    say([verdict(), left() > 0])
    socket.setKeepAlive(true, 1_000)
    say(verdict())`,
    { ...NO_NATIVE, NAT_KEEPALIVE_LIMIT: '7s', NAT_KEEPALIVE_DELAY: '2s' },
    preload,
  )
  t.strictSame(said, ['safe', 'at-risk', 'unknown', ['unknown', true], 'safe'])
})

/** What is unknown is null with a why, and never false. */
function assertUnknown(t: Test, report: Report, why: RegExp): void {
  t.equal(report.sockets.length, 1)
  const [socket] = report.sockets
  t.strictSame(socket?.kernel.armed, null)
  t.strictSame(socket?.kernel.nextTimerMs, null)
  t.strictSame(socket?.kernel.unansweredProbes, null)
  t.strictSame(socket?.kernel.unackedBytes, null)
  t.match(socket?.kernel.why, why)
  t.equal(socket?.verdict, 'unknown')
  t.match(
    socket?.reason,
    /^A first probe after 45s idle was set on it, and whether it runs is not /,
  )
  t.ok(socket?.reason.endsWith(`not known: ${socket.kernel.why}.`), `${socket?.reason}`)
  t.strictSame(report.foreign, null)
  t.match(report.foreignWhy, why)
  t.strictSame(report.kernel.sysctls, null)
  t.match(report.kernel.why, why)
}

t.test('under the permission model what is unknown is null with a why', async (t) => {
  const flags = process.allowedNodeEnvironmentFlags
  const flag = flags.has('--permission') ? '--permission' : '--experimental-permission'
  if (!flags.has(flag)) return t.pass('this Node has no permission model')
  const args = [flag, `--allow-fs-read=${root}/*`, '--no-warnings', ...preload]
  const { said, stderr } = await run('await open(); say(report())', {}, args)
  t.equal(stderr, '')
  assertUnknown(t, said[0], /^Node's permission model does not let this process read \/proc\//)
})

t.test('without a /proc what is unknown is null with a why', async (t) => {
  const parts = `
    const { buildReport } = require('${root}/dist/report/build-report.js')
    const { installed } = require('${root}/dist/hook/installed.js')
    const { createProcFs } = require('${root}/dist/kernel/proc-fs.js')
    await open()`
  const table: readonly [string, RegExp][] = [
    ["createProcFs('/nowhere', 'linux')", /^\/nowhere\/.* could not be read \(ENOENT\)$/],
    ["createProcFs('/proc', 'darwin')", /^there is no \/proc on darwin$/],
  ]
  for (const [proc, why] of table) {
    const body = `${parts}; say(buildReport(installed().hook(), ${proc}))`
    const { said, stderr } = await run(body, NO_NATIVE, preload)
    t.equal(stderr, '')
    assertUnknown(t, said[0], why)
  }
})
