import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type AskedOptions, type AskedProcess, lookAt } from '../oracle/asked-process'
import { optionsOfProcess } from '../oracle/options-of-process'
import { serve, startClient } from './start-client'

const AUDIT_MS = 300
/** The descriptors are looked at once in four beats, and told of at the next one. */
const FOREIGN_BEAT_MS = 4 * AUDIT_MS
/** The event loop of a busy machine may be that late. */
const LATE_MS = 2_000

interface Told {
  code: string
  message: string
  time: string
  destination: string
  count: number
}

/** Only watched, so that there is something to tell of; test/native/protect.test.ts has the rest. */
function start(t: Test, client: string, options: AskedOptions = {}): Promise<AskedProcess> {
  const env = { NAT_KEEPALIVE_FOREIGN: 'watch', NAT_KEEPALIVE_AUDIT: `${AUDIT_MS}ms` }
  return startClient(t, client, { ...options, env: { ...env, ...options.env } })
}

function told({ said }: AskedProcess): Told[] {
  const lines = said.stderr.split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line)).filter(({ code }) => code === 'NKA203')
}

/** Until it is told, at the most as long as it may take. */
async function waitForTold(asked: AskedProcess): Promise<void> {
  const until = Date.now() + 2 * FOREIGN_BEAT_MS + LATE_MS
  while (told(asked).length === 0 && Date.now() < until) await sleep(50)
}

const table = [
  { client: 'zeromq', env: {}, armed: false, verdict: 'at-risk', reason: /^Keepalive is off/ },
  {
    client: 'zeromq',
    env: { KEEPALIVE: '1' },
    armed: true,
    verdict: 'at-risk',
    reason: /^The first probe comes (after 2h idle|in (2h|1h59m))/,
  },
  {
    client: 'zeromq',
    env: { KEEPALIVE: '1', KEEPALIVE_IDLE: '30' },
    armed: true,
    verdict: 'safe',
    reason: /^The kernel probes after 30s idle; its timer fires in /,
  },
  {
    client: 'valkey',
    env: {},
    armed: true,
    verdict: 'at-risk',
    reason: /^The first probe comes (after 2h idle|in (2h|1h59m))/,
  },
  { client: 'cares', server: 'dns', env: {}, armed: false, verdict: 'at-risk', reason: /is off/ },
]

for (const { client, server = client, env, armed, verdict, reason } of table) {
  const how = JSON.stringify(env)
  t.test(`${client} ${how}, waiting for its answer, is foreign and ${verdict}`, async (t) => {
    const port = await serve(t, server)
    const asked = await start(t, client, { env: { TARGET_PORT: port, ...env } })
    await asked.line()
    const { report, options } = await lookAt(asked, Number(port))
    t.strictSame(report.sockets, [])
    const [one] = options
    t.match(report.foreign, [
      {
        remote: { address: '127.0.0.1', port: Number(port) },
        local: one?.local,
        state: 'established',
        kernel: { armed, why: null },
        verdict,
        reason,
      },
    ])
    t.equal(report.foreign?.length, options.length)
    const limitMs = report.settings?.limitMs ?? Number.NaN
    t.equal(one?.on, armed, 'as getsockopt says')
    t.equal(one?.on && one.idle * 1_000 < limitMs ? 'safe' : 'at-risk', verdict, 'and its verdict')

    await (verdict === 'safe' ? sleep(2 * FOREIGN_BEAT_MS + LATE_MS) : waitForTold(asked))
    const expected = { destination: `127.0.0.1:${port}`, count: options.length, reason }
    t.match(told(asked), verdict === 'safe' ? [] : [expected])
    t.equal(told(asked).length, verdict === 'safe' ? 0 : 1)
  })
}

t.test('it is told of at the second look, once', async (t) => {
  const port = await serve(t, 'zeromq')
  const asked = await start(t, 'zeromq', { env: { TARGET_PORT: port } })
  const before = Date.now()
  // From the descriptor on: it cannot have been seen earlier.
  while (optionsOfProcess(asked.pid, { remotePort: Number(port) }).length === 0) await sleep(10)
  const opened = Date.now()
  await waitForTold(asked)
  const [finding] = told(asked)
  t.match(finding, {
    message:
      /^A connection to 127\.0\.0\.1:\d+ has no useful keepalive\. Keepalive is off; .*tcp_keepalive_time=45/,
  })
  const at = Date.parse(finding?.time ?? '')
  t.ok(at >= opened + AUDIT_MS - (opened - before), `after ${at - opened} ms`)
  await sleep(3 * FOREIGN_BEAT_MS)
  t.equal(told(asked).length, 1, 'and not again')
  t.match(await asked.report(), { counters: { foreignWarnings: 1 } })
})

t.test('loopback is left out of the warning unless it is asked for', async (t) => {
  const port = await serve(t, 'zeromq')
  const env = { TARGET_PORT: port, NAT_KEEPALIVE_IDLE_LOOPBACK: 'off' }
  const asked = await start(t, 'zeromq', { env })
  await asked.line()
  await sleep(2 * FOREIGN_BEAT_MS + LATE_MS)
  t.strictSame(told(asked), [])
  t.match((await asked.report()).foreign, [{ verdict: 'at-risk' }], 'the report has it')
})

t.test('where the sysctls are good, nothing is told of a client that arms keepalive', async (t) => {
  const users = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const script = 'ip link set lo up; echo 30 > /proc/sys/net/ipv4/tcp_keepalive_time; exec "$@"'
  const prefix = ['unshare', ...users, '--net', '--', 'sh', '-euc', script, 'sh']
  const [command = '', ...rest] = [...prefix, 'true']
  const possible = spawn(command, rest, { stdio: 'ignore' })
  const [code] = await once(possible, 'close')
  if (code !== 0) {
    const why = 'This needs `ip` and user namespaces, or root.'
    if (process.env.REQUIRE_EVERYTHING === '1') t.fail(why)
    else t.pass(why, { skip: true })
    return
  }
  for (const [KEEPALIVE, verdict] of [
    ['1', 'safe'],
    ['0', 'at-risk'],
  ] as const) {
    const asked = await start(t, 'zeromq', { env: { KEEPALIVE }, prefix })
    const port = Number(await asked.line())
    const { report, options } = await lookAt(asked, port)
    t.match(options, [{ on: KEEPALIVE === '1', idle: 30 }])
    t.match(report.foreign, [{ remote: { port }, verdict }])
    t.equal(report.foreign?.length, 1, 'the other end, in the same process, is inbound')
    await sleep(2 * FOREIGN_BEAT_MS + LATE_MS)
    t.equal(told(asked).length, verdict === 'safe' ? 0 : 1)
  }
})

t.test('a connection that JavaScript got as a descriptor is foreign', async (t) => {
  for (const ARM_MS of [undefined, '2000']) {
    const server = net.createServer((socket) => socket.on('error', () => {}))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    const socket = net.connect(port, '127.0.0.1')
    const [inbound] = await once(server, 'connection')
    const asked = await start(t, 'descriptor', {
      env: { ARM_MS, NAT_KEEPALIVE_AUDIT: '500ms' },
      inherit: [socket],
    })
    t.teardown(() => {
      socket.destroy()
      inbound.destroy()
      server.close()
    })
    t.equal(await asked.line(), String(port))
    const first = await lookAt(asked, port)
    t.match(first.report.foreign, [{ remote: { port }, kernel: { armed: first.options[0]?.on } }])
    t.strictSame(first.report.sockets, [])
    // A library may set its options a moment after it has connected.
    await sleep(8 * 500 + LATE_MS)
    const { report, options } = await lookAt(asked, port)
    t.match(options, [{ on: ARM_MS !== undefined }])
    const verdict = ARM_MS === undefined ? 'at-risk' : 'safe'
    t.match(report.foreign, [{ verdict, holder: 'javascript' }])
    t.equal(told(asked).length, 0, 'native code is not blamed, because it may be inbound')
  }
})

t.test('a late install() adopts what it finds, and the rest is foreign', async (t) => {
  const port = await serve(t, 'valkey')
  const env = { TARGET_PORT: port }
  const asked = await start(t, 'late-install', { env, preload: false })
  const [found, missed] = (await asked.line()).split(' ').map(Number)
  const { report, options } = await lookAt(asked, Number(port), 2)
  t.match(report.sockets, [{ local: { port: found }, verdict: 'safe' }])
  t.equal(report.sockets.length, 1)
  t.match(report.foreign, [{ local: { port: missed }, verdict: 'at-risk' }])
  t.equal(report.foreign?.length, 1)
  const on = new Map(options.map(({ local, on }) => [local.port, on]))
  t.strictSame([on.get(found ?? 0), on.get(missed ?? 0)], [true, false], 'as getsockopt says')
})

for (const CLOSE_LISTENERS of [undefined, '1']) {
  const how = CLOSE_LISTENERS ? 'whose listeners are closed' : 'of any kind'
  t.test(`sockets of JavaScript ${how} are never foreign`, async (t) => {
    const asked = await start(t, 'all-sorts', { env: { CLOSE_LISTENERS } })
    t.equal(await asked.line(), 'open')
    const report = await asked.report()
    t.strictSame(report.foreign, [])
    const ends = optionsOfProcess(asked.pid)
    t.equal(report.sockets.length * 2, ends.length, 'both ends of each are in this process')
    t.ok(report.sockets.length >= 4, `${report.sockets.length} connections`)
    await sleep(2 * FOREIGN_BEAT_MS + LATE_MS)
    t.strictSame(told(asked), [])
  })
}
