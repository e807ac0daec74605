import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import net, { type AddressInfo, type NetConnectOpts, type Server, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { askKernel, type Words } from '../../../src/kernel/ask-kernel'
import type { KernelWord } from '../../../src/kernel/kernel-word'
import { loadNative } from '../../../src/kernel/native'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { atOnce, inSlices } from '../../../src/process/steps'
import { root, runNode } from '../../run-node'

interface Options {
  readonly on: boolean
  readonly idle: number
}

const { optionsOf } = require('../../fixtures/kernel-options.cjs') as {
  optionsOf(fd: number): Options
}

const key = readFileSync(join(root, 'test/fixtures/tls.key'))
const cert = readFileSync(join(root, 'test/fixtures/tls.crt'))
const proc = createProcFs()
const none = () => {}
const NO_NATIVE = { known: false, why: 'the table alone is asked' } as const

/** Where `listen` listens, with the port. */
async function listen(t: Test, host: string, server: Server = net.createServer()) {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', none)))
  server.listen(0, host)
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function open(t: Test, options: NetConnectOpts): Promise<Socket> {
  const socket = net.connect(options).on('error', none)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

function fdOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd
}

/** The kernel's words when nothing that was sent is unacknowledged any more, asked of the table in both ways, and by a dump. */
async function words(sockets: readonly Socket[]): Promise<Words> {
  for (;;) {
    const now = atOnce(askKernel(proc, sockets, NO_NATIVE))
    const sliced = await inSlices(askKernel(proc, sockets, NO_NATIVE), (next) =>
      setTimeout(next, 0),
    )
    const dumped = atOnce(askKernel(proc, sockets, loadNative()))
    const three = [now, sliced, dumped]
    const all = sockets.flatMap((socket) => three.map((one) => one.of(socket)))
    if (all.some(({ passing }) => passing)) {
      await sleep(5)
      continue
    }
    for (const socket of sockets) {
      const still = ({ nextTimerMs, lastAnswerMs, leastDelayMs, ...word }: KernelWord) => word
      t.strictSame(still(now.of(socket)), still(sliced.of(socket)))
      t.strictSame(still(now.of(socket)), still(dumped.of(socket)), 'a dump says the same')
      if (!now.of(socket).readable || now.of(socket).state === null) continue
      t.equal(now.of(socket).lastAnswerMs, null)
      t.type(dumped.of(socket).lastAnswerMs, 'number', 'and more')
    }
    return sliced
  }
}

/** Checks the kernel's word against the options on the descriptor. */
function agrees(t: Test, word: KernelWord, socket: Socket, name: string): void {
  const { on, idle } = optionsOf(fdOf(socket))
  t.equal(word.armed, on, `${name}: ${on ? 'on' : 'off'}`)
  t.equal(word.why, null)
  const nextMs = word.nextTimerMs
  if (on) {
    const inTime = nextMs !== null && nextMs <= idle * 1_125
    t.ok(inTime, `${name}: fires in ${nextMs} ms of ${idle} s`)
  } else {
    t.equal(nextMs, null, name)
  }
}

const schedules: readonly [string, (socket: Socket) => void][] = [
  ['never asked', none],
  ['45 s', (socket) => socket.setKeepAlive(true, 45_000)],
  ['2 h', (socket) => socket.setKeepAlive(true, 7_200_000)],
  ['without a delay', (socket) => socket.setKeepAlive(true)],
  ['on and off', (socket) => socket.setKeepAlive(true, 45_000).setKeepAlive(false)],
]

const ways: readonly [name: string, host: string, listenOn: string][] = [
  ['IPv4', '127.0.0.1', '127.0.0.1'],
  ['IPv6', '::1', '::1'],
  ['IPv4 mapped into IPv6', '::ffff:127.0.0.1', '::'],
]

for (const [way, host, listenOn] of ways) {
  t.test(`${way}: the kernel's word is what its options say`, async (t) => {
    const port = await listen(t, listenOn)
    const sockets: Socket[] = []
    for (const [, set] of schedules) {
      const socket = await open(t, { port, host })
      set(socket)
      sockets.push(socket)
    }
    const found = await words(sockets)
    for (const [index, [name]] of schedules.entries()) {
      const socket = sockets[index] as Socket
      agrees(t, found.of(socket), socket, name)
    }
    const timers = sockets.map((socket) => found.of(socket).nextTimerMs ?? 0)
    t.ok((timers[1] ?? 0) > 30_000, 'nearly all of 45 s is left')
    t.ok((timers[2] ?? 0) > 7_000_000, 'nearly all of 2 h is left')
    t.equal(found.skipped, 0)
  })
}

const linkLocal = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
  (addresses ?? [])
    .filter(({ address }) => address.startsWith('fe80:'))
    .map(({ address }) => `${address.split('%')[0]}%${name}`),
)[0]

t.test(
  'a link-local address is found, whose interface the table does not show',
  {
    skip: linkLocal === undefined && 'there is no link-local address on this machine',
  },
  async (t) => {
    const port = await listen(t, '::')
    const socket = await open(t, { port, host: linkLocal as string })
    t.equal((await words([socket])).of(socket).armed, false)
    socket.setKeepAlive(true, 45_000)
    const found = await words([socket])
    agrees(t, found.of(socket), socket, linkLocal as string)
  },
)

t.test("TLS: the kernel's word is what its options say", async (t) => {
  const port = await listen(t, '127.0.0.1', tls.createServer({ key, cert }))
  const connect = async (socket?: Socket): Promise<Socket> => {
    const options = socket === undefined ? { port, host: '127.0.0.1' } : { socket }
    const secure = tls.connect({ ...options, rejectUnauthorized: false }).on('error', none)
    t.teardown(() => secure.destroy())
    await once(secure, 'secureConnect')
    return secure
  }
  const bare = await connect()
  const kept = (await connect()).setKeepAlive(true, 45_000)
  const raw = await open(t, { port, host: '127.0.0.1' })
  const over = await connect(raw)
  raw.setKeepAlive(true, 45_000)
  const found = await words([bare, kept, raw])
  agrees(t, found.of(bare), bare, 'bare')
  agrees(t, found.of(kept), kept, 'kept')
  t.equal(found.of(raw).armed, true, 'the socket below a TLSSocket')
  t.equal(atOnce(askKernel(proc, [over], NO_NATIVE)).of(over).armed, true, 'the TLSSocket above it')
})

t.test('two connections from the same local port of two addresses are told apart', async (t) => {
  const port = await listen(t, '127.0.0.1')
  const first = await open(t, { port, host: '127.0.0.1', localAddress: '127.0.0.1' })
  const localPort = first.localPort as number
  const second = await open(t, { port, host: '127.0.0.1', localAddress: '127.0.0.2', localPort })
  t.equal(second.localPort, first.localPort)
  second.setKeepAlive(true, 45_000)
  const found = await words([first, second])
  t.equal(found.of(first).armed, false)
  t.equal(found.of(second).armed, true)
  t.equal((await words([first])).of(first).armed, false, 'one alone')
})

t.test('two connections from one local port to two remote ports are told apart', async (t) => {
  const [one, two] = [await listen(t, '127.0.0.1'), await listen(t, '127.0.0.1')]
  const first = await open(t, { port: one, host: '127.0.0.1' })
  const localPort = first.localPort as number
  const second = await open(t, {
    port: two,
    host: '127.0.0.1',
    localAddress: '127.0.0.2',
    localPort,
  })
  first.setKeepAlive(true, 45_000)
  const found = await words([first, second])
  t.equal(found.of(first).armed, true)
  t.equal(found.of(second).armed, false)
})

t.test("the peer's end of a connection within one machine is another one", async (t) => {
  const server = net.createServer()
  const port = await listen(t, '127.0.0.1', server)
  const accepted = once(server, 'connection')
  const client = await open(t, { port, host: '127.0.0.1' })
  const [peer] = (await accepted) as [Socket]
  peer.setKeepAlive(true, 45_000)
  const found = await words([client, peer])
  t.equal(found.of(client).armed, false)
  t.equal(found.of(peer).armed, true)
})

t.test('what is closed, or was never connected, is unknown and not off', async (t) => {
  const port = await listen(t, '127.0.0.1')
  const closed = await open(t, { port, host: '127.0.0.1' })
  closed.destroy()
  await once(closed, 'close')
  const missing = { armed: null, nextTimerMs: null, passing: false }
  for (const socket of [closed, new net.Socket()]) {
    const word = atOnce(askKernel(proc, [socket], NO_NATIVE)).of(socket)
    t.match(word, missing)
    t.match(word.why, /./)
  }
  t.end()
})

t.test('a socket that was not asked about is unknown', async (t) => {
  const socket = await open(t, { port: await listen(t, '127.0.0.1'), host: '127.0.0.1' })
  t.equal(atOnce(askKernel(proc, [], NO_NATIVE)).of(socket).armed, null)
})

t.test('unacknowledged data hides the word for the time being', async (t) => {
  const socket = await open(t, { port: await listen(t, '127.0.0.1'), host: '127.0.0.1' })
  const { localAddress, localPort, remotePort } = socket
  t.equal(localAddress, '127.0.0.1')
  const hex = (port = 0) => port.toString(16).toUpperCase().padStart(4, '0')
  const rest = '00000000     0        0 4711 2 0000000000000000 20 4 0 10 -1'
  const line = (timer: string) =>
    `   0: 0100007F:${hex(localPort)} 0100007F:${hex(remotePort)} 01 00000000:00000000 ${timer} ${rest}\n`
  const table: readonly [string, Partial<KernelWord>][] = [
    ['01:00000014', { armed: null, passing: true }],
    ['04:00000014', { armed: null, passing: true }],
    ['02:00001194', { armed: true, nextTimerMs: 45_000, passing: false }],
    ['00:00000000', { armed: false, nextTimerMs: null, passing: false }],
  ]
  for (const [timer, word] of table) {
    const folder = t.testdir({ self: { net: { tcp: header + line(timer) } } })
    const captured = createProcFs(folder, 'linux')
    t.match(atOnce(askKernel(captured, [socket], NO_NATIVE)).of(socket), word, timer)
    t.match(
      (await inSlices(askKernel(captured, [socket], NO_NATIVE))).of(socket),
      word,
      `${timer}, in slices`,
    )
  }
})

const header =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'

t.test('a /proc that is missing is the reason, of every socket', async (t) => {
  const socket = await open(t, { port: await listen(t, '127.0.0.1'), host: '127.0.0.1' })
  const folder = t.testdir({})
  const table: readonly [string, ReturnType<typeof createProcFs>, string][] = [
    ['missing', createProcFs(join(folder, 'none'), 'linux'), '/self/net/tcp could not be read'],
    ['empty', createProcFs(folder, 'linux'), '/self/net/tcp could not be read (ENOENT)'],
    ['another platform', createProcFs('/proc', 'darwin'), 'there is no /proc on darwin'],
  ]
  for (const [name, missing, why] of table) {
    for (const found of [
      atOnce(askKernel(missing, [socket], NO_NATIVE)),
      await inSlices(askKernel(missing, [socket], NO_NATIVE), (next) => setTimeout(next, 0)),
    ]) {
      const word = found.of(socket)
      t.match(word, { armed: null, nextTimerMs: null, passing: false }, name)
      t.ok(word.why?.includes(why), word.why ?? 'null')
      t.equal(found.skipped, 0)
    }
  }
})

t.test('garbled lines are counted, and the others still answer', async (t) => {
  const sockets = [
    await open(t, { port: await listen(t, '127.0.0.1'), host: '127.0.0.1' }),
    await open(t, { port: await listen(t, '127.0.0.1'), host: '127.0.0.1' }),
  ] as const
  const [whole, lost] = sockets
  whole.setKeepAlive(true, 45_000)
  await words(sockets)
  const hex = (port = 0) => port.toString(16).toUpperCase().padStart(4, '0')
  const tcp = readFileSync('/proc/self/net/tcp', 'latin1')
    .split('\n')
    .filter((line, index) => index === 0 || line.includes(`:${hex(whole.localPort)} `))
  const broken = [
    `   9: 0100007F:${hex(lost.localPort)} 0100007F:${hex(lost.remotePort)} 01`,
    '   x: nonsense',
    '\0\0\0',
  ]
  const text = `${[...tcp, ...broken].join('\n')}\n`
  const garbled = createProcFs(t.testdir({ self: { net: { tcp: text } } }), 'linux')
  const found = atOnce(askKernel(garbled, sockets, NO_NATIVE))
  t.equal(found.of(whole).armed, true)
  t.equal(found.of(lost).armed, null)
  t.equal(found.skipped, broken.length)
})

t.test("Node's permission model is named as the reason", async (t) => {
  const flags = process.allowedNodeEnvironmentFlags
  const flag = flags.has('--permission') ? '--permission' : '--experimental-permission'
  if (!flags.has(flag)) return t.pass('this Node has no permission model')
  const script = `
    const net = require('node:net')
    const { askKernel } = require('./dist/kernel/ask-kernel.js')
    const { atOnce, inSlices } = require('./dist/process/steps.js')
    const proc = require('./dist/kernel/proc-fs.js').createProcFs()
    const none = { known: false, why: '' }
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const socket = net.connect(server.address().port, '127.0.0.1', async () => {
        const later = await inSlices(askKernel(proc, [socket], none), (next) => setTimeout(next, 0))
        console.log(JSON.stringify([atOnce(askKernel(proc, [socket], none)).of(socket), later.of(socket)]))
        process.exit()
      })
    })`
  const args = [flag, `--allow-fs-read=${root}/dist/*`, '--no-warnings', '-e', script]
  const { stdout, stderr } = await runNode(args)
  t.equal(stderr, '')
  const why = "Node's permission model does not let this process read /proc/self/net/tcp"
  const word = { armed: null, nextTimerMs: null, why, passing: false, readable: false }
  t.match(JSON.parse(stdout), [word, word])
})

t.test('the tables that these tests compare with are there', (t) => {
  t.ok(existsSync('/proc/self/net/tcp'))
  t.ok(existsSync('/proc/self/net/tcp6'))
  t.end()
})
