import { once } from 'node:events'
import { closeSync } from 'node:fs'
import net, { type AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type ForeignScan, foreignSockets } from '../../../src/judge/native-sockets'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { atOnce, inSlices } from '../../../src/process/steps'
import { register, root, runNode } from '../../run-node'

const proc = createProcFs()
const none = () => {}
const nothing: ReadonlySet<number> = new Set()
const pause = (next: () => void) => void setTimeout(next, 0)

interface Native {
  acceptOn(fd: number): number
  connectTo(port: number, keepIdleSeconds?: number): number
  endSide(fd: number): void
  listenOn(): { fd: number; port: number }
}

const calls = require('../../fixtures/native-socket.cjs') as Native
const { acceptOn, connectTo, endSide, listenOn } = calls

async function serve(t: Test, onSocket: (socket: Socket) => void = none): Promise<number> {
  const sockets = new Set<Socket>()
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', none))
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A connection made outside of JavaScript, closed when the test is over. */
function native(t: Test, port: number, keepIdleSeconds?: number): number {
  const fd = connectTo(port, keepIdleSeconds)
  t.teardown(() => closeSync(fd))
  return fd
}

/** What a look in one go and one in slices find to this port, which is the same. */
async function found(t: Test, port: number, skip = nothing) {
  const now = atOnce(foreignSockets(proc, 'self', skip))
  const sliced = await inSlices(
    foreignSockets(proc, 'self', skip, new Set(), () => true),
    pause,
  )
  if (!now.known || !sliced.known || sliced.value === null) throw new Error('not known')
  const to = ({ sockets }: ForeignScan) => sockets.filter(({ remote }) => remote.port === port)
  t.same(
    to(sliced.value).map(({ inode }) => inode),
    to(now.value).map(({ inode }) => inode),
  )
  return to(sliced.value)
}

t.test("a connection of native code is found with the kernel's word", async (t) => {
  const port = await serve(t)
  t.same(await found(t, port), [])
  native(t, port)
  native(t, port, 45)
  const sockets = await found(t, port)
  t.equal(sockets.length, 2)
  for (const socket of sockets) {
    t.match(socket, {
      state: 'established',
      local: { address: '127.0.0.1' },
      remote: { address: '127.0.0.1', port },
      word: { why: null, passing: false },
    })
  }
  const words = sockets.map(({ word }) => word).sort((a, b) => Number(a.armed) - Number(b.armed))
  t.match(words, [
    { armed: false, nextTimerMs: null },
    { armed: true, nextTimerMs: Number },
  ])
  const nextMs = words[1]?.nextTimerMs ?? 0
  t.ok(nextMs > 30_000 && nextMs <= 45_000 * 1.125, `${nextMs} ms`)
})

t.test('a connection of which one side has ended is found', async (t) => {
  const port = await serve(t)
  endSide(native(t, port))
  const ends = await serve(t, (socket) => socket.end())
  native(t, ends)
  // The end takes a moment to arrive, and to be acknowledged.
  const settles = async (to: number, wanted: string) => {
    for (let again = 0; again < 100; again++) {
      const [socket] = await found(t, to)
      if (socket?.state === wanted) return true
      await sleep(10)
    }
    return false
  }
  t.ok(await settles(ends, 'close-wait'))
  t.ok(await settles(port, 'fin-wait-2'))
})

t.test('a Socket around a descriptor from elsewhere is found', async (t) => {
  const port = await serve(t)
  const socket = new Socket({ fd: connectTo(port) })
  t.teardown(() => socket.destroy())
  t.equal((await found(t, port)).length, 1)
})

t.test('descriptors to skip are skipped', async (t) => {
  const port = await serve(t)
  const [first, second] = [native(t, port), native(t, port)]
  const [one, both] = [await found(t, port, new Set([first])), new Set([first, second])]
  t.equal(one.length, 1)
  t.same(await found(t, port, both), [])
})

t.test('a connection that is closed is found no more', async (t) => {
  const port = await serve(t)
  const fd = connectTo(port)
  t.equal((await found(t, port)).length, 1)
  closeSync(fd)
  t.same(await found(t, port), [])
})

t.test('inbound connections are told apart by the port that is listened on', async (t) => {
  const port = await serve(t)
  const fd = native(t, port)
  await sleep(10)
  const scan = atOnce(foreignSockets(proc, 'self', new Set([fd])))
  if (!scan.known) throw new Error(scan.why)
  t.same(
    scan.value.sockets.filter(({ local }) => local.port === port),
    [],
  )
})

t.test('a listener of native code counts too, and its connections are inbound', async (t) => {
  const { fd, port } = listenOn()
  t.teardown(() => closeSync(fd))
  const client = net.connect(port, '127.0.0.1').on('error', none)
  t.teardown(() => client.destroy())
  await once(client, 'connect')
  const scan = atOnce(foreignSockets(proc, 'self', nothing))
  if (!scan.known) throw new Error(scan.why)
  const ports = scan.value.sockets.map(({ local }) => local.port)
  t.notOk(ports.includes(port))
  t.ok(ports.includes(client.localPort as number), 'the outbound end is found')
})

t.test(
  'what came in while this process listened stays inbound when it no longer does',
  async (t) => {
    const { fd: listener, port } = listenOn()
    const fd = native(t, port)
    const listened = new Set<number>()
    const inbound = (before: Set<number>) => {
      const scan = atOnce(foreignSockets(proc, 'self', new Set([fd]), before))
      if (!scan.known) throw new Error(scan.why)
      return scan.value.sockets.filter(({ local }) => local.port === port).length
    }
    t.equal(inbound(listened), 0)
    t.ok(listened.has(port))
    const accepted = acceptOn(listener)
    t.teardown(() => closeSync(accepted))
    closeSync(listener)
    t.equal(inbound(new Set()), 1, 'without the memory it would look outbound')
    t.equal(inbound(listened), 0)
    const sliced = await inSlices(
      foreignSockets(proc, 'self', nothing, listened, () => true),
      pause,
    )
    t.notOk(sliced.known && sliced.value?.sockets.some(({ local }) => local.port === port))
  },
)

t.test('the ports of others are not remembered, and every descriptor is named', (t) => {
  const line = (port: string, state: string, inode: number) =>
    `   0: 0100007F:${port} 0100007F:0050 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 20 4 0 10 -1`
  const procOf = (tcp: readonly string[]) => {
    const link = (inode: number) => t.fixture('symlink', `socket:[${inode}]`)
    const fd = { 3: link(1), 4: link(2), 5: link(2), 6: link(3) }
    return createProcFs(t.testdir({ self: { fd, net: { tcp: tcp.join('\n') } } }), 'linux')
  }
  const listened = new Set<number>()
  const connected = [line('9C41', '01', 2), line('9C42', '01', 3)]
  // 9C40 is listened on by this process, 9C42 by another.
  const before = [line('9C40', '0A', 1), line('9C42', '0A', 99), ...connected]
  const look = (tcp: readonly string[]) => {
    const scan = atOnce(foreignSockets(procOf(tcp), 'self', nothing, listened))
    return scan.known
      ? scan.value.sockets.map(({ local, fds }) => [local.port, [...fds].sort()])
      : scan.why
  }
  t.strictSame(look(before), [[0x9c41, [4, 5]]])
  t.strictSame([...listened], [0x9c40])
  t.strictSame(look(connected), [
    [0x9c41, [4, 5]],
    [0x9c42, [6]],
  ])
  t.end()
})

t.test('the table is not read where the sockets are not worth it', async (t) => {
  const port = await serve(t)
  native(t, port)
  let opened = 0
  const counting = {
    ...proc,
    open(path: string) {
      opened++
      return proc.open(path)
    },
  }
  let offered = 0
  const worth = (inodes: ReadonlySet<number>) => {
    offered = inodes.size
    return false
  }
  t.strictSame(await inSlices(foreignSockets(counting, 'self', nothing, new Set(), worth), pause), {
    known: true,
    value: null,
  })
  t.ok(offered >= 2, 'it is asked about every socket')
  t.equal(opened, 0)
  await inSlices(
    foreignSockets(counting, 'self', nothing, new Set(), () => true),
    pause,
  )
  t.ok(opened > 0)
})

t.test('for a process without sockets the table is not read at once', (t) => {
  const none = createProcFs(t.testdir({ self: { fd: {} } }), 'linux')
  t.match(atOnce(foreignSockets(none, 'self', nothing)), {
    known: true,
    value: { sockets: [], skipped: 0 },
  })
  t.end()
})

t.test('descriptors or a table that cannot be read are a reason', async (t) => {
  const fd = { 3: t.fixture('symlink', 'socket:[4711]') }
  const empty = createProcFs(t.testdir({ self: { fd } }), 'linux')
  const table: readonly [string, ReturnType<typeof createProcFs>, RegExp][] = [
    [
      'nothing',
      createProcFs(join(root, 'none'), 'linux'),
      /self\/fd could not be read \(ENOENT\)$/,
    ],
    ['no table', empty, /self\/net\/tcp could not be read \(ENOENT\)$/],
    ['another platform', createProcFs('/proc', 'win32'), /^there is no \/proc on win32$/],
  ]
  for (const [name, missing, why] of table) {
    t.match(atOnce(foreignSockets(missing, 'self', nothing)), { known: false, why }, name)
    const sliced = await inSlices(
      foreignSockets(missing, 'self', nothing, new Set(), () => true),
      pause,
    )
    t.match(sliced, { known: false, why }, `${name}, in slices`)
  }
})

/** Runs a program with native sockets, `serve` and `report` at hand; returns its lines. */
async function run(body: string, env: Record<string, string> = {}, args: readonly string[] = []) {
  const source = `
    const net = require('node:net')
    const { once } = require('node:events')
    const { install, report } = require(${JSON.stringify(root)})
    const { connectTo } = require(${JSON.stringify(join(root, 'test/fixtures/native-socket.cjs'))})
    const { serve } = require(${JSON.stringify(join(root, 'test/fixtures/servers.cjs'))})
    const say = (value) => console.log(JSON.stringify(value))
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
    ;(async () => {
      const server = await serve('net')
      const { port } = server
      const open = async () => {
        const socket = net.connect(port, '127.0.0.1')
        await once(socket, 'connect')
        return socket
      }
      const to = (list) => list.filter(({ remote }) => remote.port === port)
      ${body}
      process.exit()
    })().catch((error) => { console.error(error); process.exit(1) })`
  const { stdout, stderr } = await runNode([...args, '-e', source], { env })
  return {
    stderr,
    said: stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  }
}

t.test(
  'the report has sockets of JavaScript and of native code apart, and no inbound ones',
  async (t) => {
    const { said, stderr } = await run(`
    install()
    const socket = await open()
    connectTo(port)
    await sleep(20)
    const { sockets, foreign, foreignWhy } = report()
    say([to(sockets).map(({ local }) => local.port === socket.localPort), foreign.length, foreignWhy])
    say(foreign[0])`)
    t.equal(stderr, '')
    t.strictSame(said[0], [[true], 1, null])
    t.match(said[1], {
      remote: { address: '127.0.0.1', port: Number },
      local: { address: '127.0.0.1', port: Number },
      state: 'established',
      kernel: { armed: false, nextTimerMs: null, why: null },
      verdict: 'at-risk',
      reason: /^Keepalive is off; /,
    })
  },
)

t.test('a late install takes over what is open, and leaves native code foreign', async (t) => {
  const { said, stderr } = await run(`
    const socket = await open()
    connectTo(port)
    await sleep(20)
    say([report().sockets.length, to(report().foreign).length])
    install()
    const { sockets, foreign } = report()
    say([to(sockets).map(({ verdict, kernel }) => [verdict, kernel.armed]), to(foreign).length])
    socket.destroy()
    await sleep(20)
    say([to(report().sockets).length, to(report().foreign).length])`)
  t.equal(stderr, '')
  t.strictSame(said, [
    [0, 2],
    [[['safe', true]], 1],
    [0, 1],
  ])
})

t.test('sockets that are tracked are not foreign, whatever they carry', async (t) => {
  const { said, stderr } = await run(`
    const tls = require('node:tls')
    const http2 = require('node:http2')
    const { ca } = require(${JSON.stringify(join(root, 'test/fixtures/servers.cjs'))})
    install()
    const [secure, h2c] = [await serve('tls'), await serve('h2c')]
    const options = { port: secure.port, host: '127.0.0.1', ca, checkServerIdentity() {} }
    await once(tls.connect(options), 'secureConnect')
    const raw = net.connect(secure.port, '127.0.0.1')
    await once(raw, 'connect')
    await once(tls.connect({ ...options, socket: raw }), 'secureConnect')
    await once(http2.connect('http://127.0.0.1:' + h2c.port), 'connect')
    const quiet = await open()
    quiet.unref()
    await sleep(20)
    say([report().sockets.length, report().foreign])`)
  t.equal(stderr, '')
  t.strictSame(said, [[4, []]])
})

const quick = {
  NAT_KEEPALIVE_AUDIT: '100ms',
  NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
  NAT_KEEPALIVE_IDLE_WARN: 'off',
  NAT_KEEPALIVE_FORMAT: 'json',
}

t.test('native code at risk gets the schedule in place, at the second look', async (t) => {
  const { stderr, said } = await run(
    `install()
    connectTo(port)
    connectTo(port, 45)
    await sleep(20)
    const options = () => to(report().foreign).map(({ kernel, verdict }) => [kernel.options, verdict])
    say(options())
    while (to(report().foreign).some(({ verdict }) => verdict !== 'safe')) await sleep(20)
    say(options())
    say(report().counters.foreignWarnings)`,
    quick,
  )
  t.equal(stderr, '')
  const off = { delayMs: 7_200_000, intervalMs: 75_000, probes: 9, userTimeoutMs: null }
  const own = { ...off, delayMs: 45_000 }
  const ours = { delayMs: 45_000, intervalMs: 15_000, probes: 24, userTimeoutMs: null }
  const sorted = (list: unknown) => (list as unknown[]).map((one) => JSON.stringify(one)).sort()
  t.strictSame(
    sorted(said[0]),
    sorted([
      [off, 'at-risk'],
      [own, 'safe'],
    ]),
  )
  t.strictSame(
    sorted(said[1]),
    sorted([
      [ours, 'safe'],
      [own, 'safe'],
    ]),
    'what its library set and is good stays',
  )
  t.equal(said[2], 0)
})

const refusals: readonly [string, Record<string, string>, RegExp][] = [
  ['switched off', { NAT_KEEPALIVE_NATIVE: 'off' }, /protect them: NAT_KEEPALIVE_NATIVE is off\./],
  ['watched', { NAT_KEEPALIVE_FOREIGN: 'watch' }, /protect them: NAT_KEEPALIVE_FOREIGN is watch\./],
]
for (const [name, env, why] of refusals) {
  t.test(`where that cannot be done, NKA203 says why: ${name}`, async (t) => {
    const body = 'install(); connectTo(port); connectTo(port); await sleep(1500)'
    const { stderr } = await run(body, { ...quick, ...env })
    const [line = '{}'] = stderr.split('\n')
    t.match(JSON.parse(line), { code: 'NKA203', message: why, addons: [/koffi/] })
  })
}

t.test('native code that is not to be looked at is not', async (t) => {
  const { stderr, said } = await run(
    'install(); connectTo(port); await sleep(1500); say(to(report().foreign)[0].kernel.armed)',
    { ...quick, NAT_KEEPALIVE_FOREIGN: 'off' },
  )
  t.equal(stderr, '')
  t.strictSame(said, [false])
})

t.test('native code at risk is one NKA203 for each destination, and is told once', async (t) => {
  const { stderr } = await run(
    `install()
    await open()
    for (let i = 0; i < 5; i++) connectTo(port)
    connectTo(port, 45)
    await sleep(2000)
    say(report().counters.foreignWarnings)`,
    { ...quick, NAT_KEEPALIVE_FOREIGN: 'watch' },
  )
  const lines = stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  t.match(lines, [
    { code: 'NKA203', count: 5, destination: /^127\.0\.0\.1:\d+$/ },
    { code: 'NKA101' },
  ])
  t.equal(lines.length, 2, 'with what the kernel has for it, once')
})

t.test('loopback of native code is left out unless it is asked for', async (t) => {
  const { stderr, said } = await run(
    'install(); connectTo(port); await sleep(1500); say(report().foreign.length)',
    { ...quick, NAT_KEEPALIVE_IDLE_LOOPBACK: 'off' },
  )
  t.equal(stderr, '')
  t.same(said, [1])
})

t.test('a connection of native code is told by one thread, not by each', async (t) => {
  const { stderr } = await run(
    `const { Worker } = require('node:worker_threads')
    const idle = 'setInterval(() => {}, 1000)'
    for (let i = 0; i < 2; i++) await once(new Worker(idle, { eval: true }), 'online')
    connectTo(port)
    await sleep(2500)`,
    { ...quick, NAT_KEEPALIVE_FOREIGN: 'watch' },
    ['-r', register],
  )
  const lines = stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  t.same(
    lines.map(({ code }) => code),
    ['NKA203', 'NKA101'],
  )
})

t.test('what another thread opened is not told of where the hook protects it there', async (t) => {
  const { stderr } = await run(
    `const { Worker } = require('node:worker_threads')
    const program = "require('node:net').connect(" + port + ", '127.0.0.1')"
    new Worker(program, { eval: true })
    await sleep(2500)`,
    { ...quick, NAT_KEEPALIVE_FOREIGN: 'watch' },
    ['-r', register],
  )
  t.notMatch(stderr, /NKA203/)
})
