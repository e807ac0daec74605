import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net, { type AddressInfo, type Server, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { endpointOf } from '../../../src/connections/endpoint'
import type { Decision } from '../../../src/connections/policy'
import {
  type Entry,
  type Observer,
  openerOfEntry,
  Registry,
} from '../../../src/connections/registry'
import { patch } from '../../../src/hook/patch'
import { clock } from '../../../src/process/clock'
import { root, runNode } from '../../run-node'

const decision: Decision = { action: 'leave', reason: 'exempt' }
const key = readFileSync(join(root, 'test/fixtures/tls.key'))
const cert = readFileSync(join(root, 'test/fixtures/tls.crt'))
const rejectUnauthorized = false
const host = '127.0.0.1'
const none = () => {}
const unseen: Observer = { open: none, ended: none }

/** A look at all, in one go. */
function observe(registry: Registry, observer: Observer): void {
  for (const _ of registry.look(observer));
}

/** A registry that is told of every outbound connection while the test runs. */
function track(t: Test): Registry {
  const registry = new Registry()
  const guard = {
    connecting(socket: Socket, args: unknown[], wrapper: unknown) {
      const endpoint = endpointOf(args)
      if (endpoint !== null) registry.add(socket, endpoint, null, decision, wrapper)
    },
    revise: (_socket: Socket, args: unknown[]) => args,
  }
  const { undo } = patch(Socket.prototype, guard)
  t.teardown(undo)
  return registry
}

/** Listens on loopback; every connection of it is gone when the test is over. */
async function listen(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', none)))
  server.on('secureConnection', (socket: Socket) => socket.on('error', none))
  server.listen(0, host)
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function connected(port: number): Promise<Socket> {
  const socket = net.connect(port, host).on('error', none)
  await once(socket, 'connect')
  return socket
}

function seen(registry: Registry): Socket[] {
  const sockets: Socket[] = []
  observe(registry, { ...unseen, open: (_entry, socket) => sockets.push(socket) })
  return sockets
}

t.test('a connection is tracked with its destination and opening place', async (t) => {
  const registry = track(t)
  const port = await listen(t, net.createServer())
  const socket = await connected(port)
  const entry = registry.get(socket)
  if (entry === undefined) throw new Error('not tracked')
  t.equal(entry.socket.deref(), socket)
  t.same(entry.endpoint, { host, port })
  t.equal(entry.decision, decision)
  t.equal(entry.asked, null)
  t.same(seen(registry), [socket])
  const opener = openerOfEntry(entry)
  t.match(opener, { place: /registry\.test\.ts:\d+$/, package: null })
  t.equal(openerOfEntry(entry), opener)
  t.equal(entry.opener, opener, 'the stack itself is let go')
  socket.destroy()
})

t.test('ids are counted up, and none is given twice', async (t) => {
  const registry = new Registry()
  const ids = Array.from(
    { length: 5 },
    () => registry.add(new Socket(), { host, port: 1 }, null, decision, undefined).id,
  )
  t.same(ids, [1, 2, 3, 4, 5])
})

t.test('without a wrapper the opening place is not known', (t) => {
  const entry = new Registry().add(new Socket(), { host, port: 1 }, null, decision, undefined)
  t.same(openerOfEntry(entry), { place: null, package: null })
  t.end()
})

t.test('a connection that is not made yet counts, and is not looked at', async (t) => {
  const registry = track(t)
  const port = await listen(t, net.createServer())
  let answer = none
  const socket = net.connect({
    host: 'slow.test',
    port,
    lookup: (_host, options, callback) => {
      answer = () => {
        if (options.all) callback(null, [{ address: host, family: 4 }])
        else callback(null, host, 4)
      }
    },
  })
  while (answer === none) await sleep(1)
  await sleep(20)
  t.equal(registry.size, 1)
  t.same(seen(registry), [])
  answer()
  await once(socket, 'connect')
  t.same(seen(registry), [socket])
  socket.destroy()
})

t.test('the time of connecting is not idle time', async (t) => {
  const registry = new Registry()
  const port = await listen(t, net.createServer())
  const socket = new Socket()
  const entry = registry.add(socket, { host, port }, null, decision, undefined)
  entry.activeAt -= 60_000
  socket.connect(port, host)
  observe(registry, unseen)
  t.ok(entry.activeAt >= (entry.openedAt ?? 0))
  await once(socket, 'connect')
  socket.destroy()
})

t.test('closed connections leave, whoever closed them', async (t) => {
  const registry = track(t)
  const server = net.createServer((socket) => {
    socket.on('data', () => socket.destroy())
  })
  const port = await listen(t, server)
  const byUs = await connected(port)
  const byPeer = (await connected(port)).resume()
  const open = await connected(port)
  t.equal(registry.size, 3)
  byUs.destroy()
  byPeer.write('close')
  await once(byPeer, 'close')
  t.same(seen(registry), [open])
  t.equal(registry.size, 1)
  for (const closed of [byUs, byPeer]) t.equal(registry.get(closed)?.listed, false)
  t.same(
    [...registry.open()].map(([, socket]) => socket),
    [open],
  )
  open.destroy()
})

t.test('a connection that was refused leaves', async (t) => {
  const registry = track(t)
  const server = net.createServer()
  const port = await listen(t, server)
  server.close()
  await once(server, 'close')
  const socket = net.connect(port, host)
  t.equal(registry.size, 1)
  await new Promise((done) => socket.on('error', none).on('close', done))
  t.same(seen(registry), [])
  t.equal(registry.size, 0)
})

for (const looked of [false, true]) {
  const when = looked ? 'after a look found it closed' : 'before any look'
  t.test(`a socket that connects again, ${when}, is one new connection`, async (t) => {
    const registry = track(t)
    const [first, second] = [
      await listen(t, net.createServer()),
      await listen(t, net.createServer()),
    ]
    const socket = await connected(first)
    const firstId = registry.get(socket)?.id ?? 0
    socket.write('traffic')
    observe(registry, unseen)
    socket.destroy()
    await once(socket, 'close')
    if (looked) observe(registry, unseen)
    socket.connect(second, host)
    await once(socket, 'connect')
    const entry = registry.get(socket)
    t.same(entry?.endpoint, { host, port: second })
    t.ok((entry?.id ?? 0) > firstId)
    t.same([entry?.read, entry?.written, entry?.held, entry?.request], [0, 0, null, null])
    t.same(seen(registry), [socket])
    t.equal(registry.size, 1)
    socket.destroy()
  })
}

t.test('inbound connections are none of ours', async (t) => {
  const registry = track(t)
  for (const kind of ['connection', 'secureConnection']) {
    const secure = kind === 'secureConnection'
    const server = secure ? tls.createServer({ key, cert }) : net.createServer()
    const port = await listen(t, server)
    const accepted = once(server, kind)
    const client = secure
      ? tls.connect({ port, host, rejectUnauthorized })
      : net.connect({ port, host })
    await once(client, secure ? 'secureConnect' : 'connect')
    const [inbound] = await accepted
    t.ok(inbound instanceof Socket)
    t.equal(registry.get(inbound), undefined, kind)
    t.same(seen(registry), [client])
    client.destroy()
  }
})

t.test('a TLSSocket over a tracked socket is found through it', async (t) => {
  const registry = track(t)
  const port = await listen(t, tls.createServer({ key, cert }))
  const ways = { open: connected, connecting: async () => net.connect(port, host) }
  for (const [name, open] of Object.entries(ways)) {
    const socket = await open(port)
    const over = tls.connect({ socket, rejectUnauthorized }).on('error', none)
    const entry = registry.get(socket)
    t.ok(entry, name)
    t.equal(registry.get(over), entry, `${name}: at once`)
    await once(over, 'secureConnect')
    t.equal(registry.get(over), entry, `${name}: later`)
    t.same(seen(registry), [socket], `${name}: one connection`)
    over.destroy()
    await once(socket, 'close')
  }
})

t.test('TLS over TLS over a tracked socket is found through both', async (t) => {
  const registry = track(t)
  const inner = await listen(t, tls.createServer({ key, cert }))
  const proxy = tls.createServer({ key, cert }, (socket) => {
    socket.pipe(net.connect(inner, host).on('error', none)).pipe(socket)
  })
  const port = await listen(t, proxy)
  const raw = await connected(port)
  const outer = tls.connect({ socket: raw, rejectUnauthorized })
  await once(outer, 'secureConnect')
  const over = tls.connect({ socket: outer, rejectUnauthorized }).on('error', none)
  await once(over, 'secureConnect')
  t.ok(registry.get(raw))
  t.equal(registry.get(outer), registry.get(raw))
  t.equal(registry.get(over), registry.get(raw))
  over.destroy()
  raw.destroy()
})

t.test('many connects in one process do not make it grow', (t) => {
  const registry = new Registry()
  const open = Array.from({ length: 100 }, () => new Socket())
  const add = (socket: Socket) => registry.add(socket, { host, port: 1 }, null, decision, none)
  for (const socket of open) add(socket)
  let largest = 0
  for (let index = 0; index < 20_000; index++) {
    const socket = new Socket()
    add(socket)
    socket.destroy()
    largest = Math.max(largest, registry.size)
  }
  t.ok(largest <= 2 * open.length + 1_025, `${largest} entries for ${open.length} open sockets`)
  t.ok(open.every((socket) => registry.get(socket) !== undefined))
  observe(registry, unseen)
  t.equal([...registry.open()].length, open.length)
  t.equal(registry.size, open.length)
  t.end()
})

const garbage = `
  const net = require('node:net')
  const { Registry, openerOfEntry } = require('./dist/connections/registry.js')
  const registry = new Registry()
  const track = (socket, wrapper) => registry.add(socket, { host: 'x', port: 1 }, null, { action: 'leave' }, wrapper)
  const observe = () => { for (const _ of registry.look({ open() {}, ended() {} })); }
  const collected = async (isGone) => {
    for (let turn = 0; turn < 50; turn++) {
      await new Promise((done) => setTimeout(done, 2))
      gc()
      if (isGone()) return true
    }
    return false
  }
  const emptied = () => collected(() => {
    observe()
    registry.readTraces(Infinity)
    return registry.size === 0
  })
  const report = (result) => { console.log(result); process.exit() }`

function runGarbage(script: string) {
  return runNode(['--expose-gc', '-e', garbage + script], { cwd: root })
}

t.test('sockets that the program forgot leave', async (t) => {
  const { stdout, stderr } = await runGarbage(`
    const open = () => { for (let n = 0; n < 100; n++) track(new net.Socket()) }
    open()
    emptied().then(report)`)
  t.equal(stderr, '')
  t.equal(stdout, 'true\n')
})

t.test('what the program holds does not leave, so the test above can fail', async (t) => {
  const { stdout } = await runGarbage(`
    globalThis.held = new net.Socket()
    track(held)
    emptied().then(report)`)
  t.equal(stdout, 'false\n')
})

const client = `
  class Client {
    open(socket) {
      this.socket = socket
      return function connect() { return track(socket, connect) }()
    }
  }`

t.test('a stack that was read holds nothing of the program', async (t) => {
  const { stdout } = await runGarbage(`${client}
    globalThis.held = new net.Socket()
    const open = () => {
      const client = new Client()
      openerOfEntry(client.open(held))
      return new WeakRef(client)
    }
    const client = open()
    collected(() => client.deref() === undefined).then(report)`)
  t.equal(stdout, 'true\n')
})

// Node itself never lets go of such a socket: its handle is not closed.
t.test('a socket whose connect threw does not hold the object that opened it', async (t) => {
  const { stdout } = await runGarbage(`${client}
    const open = () => {
      const socket = new net.Socket()
      const client = new Client()
      client.open(socket)
      try {
        socket.connect({ port: 1, host: 5 })
      } catch {}
      return new WeakRef(client)
    }
    const client = open()
    collected(() => {
      observe()
      registry.readTraces(Infinity)
      return client.deref() === undefined
    }).then(report)`)
  t.equal(stdout, 'true\n')
})

interface Traffic {
  /** Resolve when a few bytes have arrived on the other side. */
  toServer(): Promise<unknown>
  toClient(): Promise<unknown>
  close(): void
}

async function streams(t: Test, secure: boolean): Promise<Traffic> {
  const server = secure ? tls.createServer({ key, cert }) : net.createServer()
  const port = await listen(t, server)
  const accepted = once(server, secure ? 'secureConnection' : 'connection')
  const client = secure
    ? tls.connect({ port, host, rejectUnauthorized })
    : net.connect({ port, host })
  await once(client, secure ? 'secureConnect' : 'connect')
  const [peer] = (await accepted) as [Socket]
  return {
    toServer: () => Promise.all([once(peer, 'data'), client.write('x')]),
    toClient: () => Promise.all([once(client, 'data'), peer.write('x')]),
    close: () => client.destroy(),
  }
}

async function requests(t: Test, secure: boolean): Promise<Traffic> {
  const server = secure ? https.createServer({ key, cert }) : http.createServer()
  const port = await listen(t, server)
  const arrived = once(server, 'request')
  const { request: send } = secure ? https : http
  const request = send({ port, host, method: 'POST', rejectUnauthorized, agent: false })
  request.on('error', none).flushHeaders()
  const [incoming, outgoing] = (await arrived) as [http.IncomingMessage, http.ServerResponse]
  outgoing.flushHeaders()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  return {
    toServer: () => Promise.all([once(incoming, 'data'), request.write('x')]),
    toClient: () => Promise.all([once(response, 'data'), outgoing.write('x')]),
    close: () => request.destroy(),
  }
}

async function http2Streams(t: Test, secure: boolean): Promise<Traffic> {
  const server = secure ? http2.createSecureServer({ key, cert }) : http2.createServer()
  const port = await listen(t, server)
  const arrived = once(server, 'stream')
  const scheme = secure ? 'https' : 'http'
  const session = http2.connect(`${scheme}://${host}:${port}`, { rejectUnauthorized })
  session.on('error', none)
  const stream = session.request({ ':method': 'POST' }).on('error', none)
  const [peer] = (await arrived) as [http2.ServerHttp2Stream]
  peer.on('error', none).respond({ ':status': 200 })
  await once(stream, 'response')
  return {
    toServer: () => Promise.all([once(peer, 'data'), stream.write('x')]),
    toClient: () => Promise.all([once(stream, 'data'), peer.write('x')]),
    close: () => session.destroy(),
  }
}

async function fetched(t: Test): Promise<Traffic> {
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = once(server, 'request')
  let upload: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      upload = controller
    },
  })
  const answered = fetch(`http://${host}:${port}/`, { method: 'POST', body, duplex: 'half' })
  answered.catch(none)
  upload?.enqueue(Buffer.from('begin'))
  const [incoming, outgoing] = (await arrived) as [http.IncomingMessage, http.ServerResponse]
  await once(incoming, 'data')
  let download: Promise<ReadableStreamDefaultReader<Uint8Array> | undefined> | undefined
  const reader = async () => {
    upload?.close()
    outgoing.write('x')
    return (await answered).body?.getReader()
  }
  return {
    toServer: async () => {
      upload?.enqueue(Buffer.from('x'))
      await once(incoming, 'data')
    },
    toClient: async () => {
      download ??= reader()
      const [source] = await Promise.all([download, outgoing.write('x')])
      await source?.read()
    },
    close: () => incoming.socket.destroy(),
  }
}

const kinds: readonly [string, (t: Test) => Promise<Traffic>][] = [
  ['net', (t) => streams(t, false)],
  ['tls', (t) => streams(t, true)],
  ['http', (t) => requests(t, false)],
  ['https', (t) => requests(t, true)],
  ['http2', (t) => http2Streams(t, false)],
  ['http2 over TLS', (t) => http2Streams(t, true)],
  ['fetch', fetched],
]

/** Looks once at the only connection. */
function idleMs(registry: Registry): number {
  const times: number[] = []
  observe(registry, { ...unseen, open: (_entry, _socket, idle) => times.push(idle) })
  if (times.length !== 1) throw new Error(`${times.length} connections instead of one`)
  return times[0] ?? 0
}

/** Looks until the connection has been idle for a while; without end where traffic never ends. */
async function grown(registry: Registry): Promise<number> {
  for (;;) {
    const idle = idleMs(registry)
    if (idle >= 30) return idle
    await sleep(5)
  }
}

for (const [kind, open] of kinds) {
  t.test(
    `${kind}: traffic in either direction ends the idle time, none lets it grow`,
    async (t) => {
      const registry = track(t)
      const { toServer, toClient, close } = await open(t)
      for (const [direction, move] of Object.entries({ toServer, toClient })) {
        for (const turn of ['once', 'again']) {
          t.ok((await grown(registry)) >= 30, `${direction}, ${turn}: grows`)
          await move()
          t.equal(idleMs(registry), 0, `${direction}, ${turn}: ends`)
        }
      }
      close()
    },
  )
}

interface Ended {
  readonly entry: Entry
  readonly socket: Socket
  readonly minIdleMs: number
  readonly maxIdleMs: number
}

/** Looks once, and returns what ended since the last look. */
function endedOf(registry: Registry): Ended[] {
  const ended: Ended[] = []
  observe(registry, {
    open: none,
    ended: (entry, socket, minIdleMs, maxIdleMs) =>
      ended.push({ entry, socket, minIdleMs, maxIdleMs }),
  })
  return ended
}

/** Waits until the clock of the registry shows so much more. */
async function pass(ms: number): Promise<void> {
  for (const until = clock() + ms; clock() < until; ) await sleep(1)
}

/** Looks until the socket was found idle, which is when its end begins to matter. */
async function idle(registry: Registry, socket: Socket): Promise<Entry> {
  const entry = registry.get(socket)
  if (entry === undefined) throw new Error('not tracked')
  while (entry.held === null) {
    observe(registry, unseen)
    await sleep(2)
  }
  return entry
}

t.test('the end of an idle connection is told once, with the span of its idle time', async (t) => {
  const registry = track(t)
  const socket = await connected(await listen(t, net.createServer()))
  const entry = await idle(registry, socket)
  await pass(40)
  t.same(endedOf(registry), [], 'open')
  const lookedAt = clock()
  await pass(20)
  socket.destroy()
  await once(socket, 'close')
  const ended = endedOf(registry)
  t.equal(ended.length, 1)
  t.equal(ended[0]?.entry, entry)
  t.equal(ended[0]?.socket, socket)
  const { minIdleMs = 0, maxIdleMs = 0 } = ended[0] ?? {}
  t.ok(minIdleMs >= 40 && minIdleMs <= lookedAt - (entry.openedAt ?? 0), `at least ${minIdleMs} ms`)
  t.ok(maxIdleMs >= minIdleMs + 20, `at most ${maxIdleMs} ms`)
  t.same(endedOf(registry), [])
  t.equal(entry.held, null, 'what has ended is let go')
})

t.test('a connection that was never found idle is let go without a word', async (t) => {
  const registry = track(t)
  const socket = await connected(await listen(t, net.createServer()))
  t.equal(registry.get(socket)?.held, null)
  socket.destroy()
  await once(socket, 'close')
  t.same(endedOf(registry), [])
})

t.test('bytes let go of a socket that was held, and it is held again when they stop', async (t) => {
  const registry = track(t)
  const server = net.createServer((peer) => peer.on('data', (data) => peer.write(data)))
  const socket = await connected(await listen(t, server))
  const entry = await idle(registry, socket)
  t.equal(entry.held, socket)
  socket.write('x')
  await once(socket, 'data')
  observe(registry, unseen)
  t.equal(entry.held, null)
  t.same([entry.read, entry.written], [1, 1])
  observe(registry, unseen)
  t.equal(entry.held, socket)
  socket.destroy()
})

t.test('a connection that received something before it ended was not idle', async (t) => {
  const registry = track(t)
  const server = net.createServer((peer) => peer.on('data', (data) => peer.end(data)))
  const socket = (await connected(await listen(t, server))).resume()
  await idle(registry, socket)
  socket.end('x')
  await once(socket, 'close')
  t.equal(socket.bytesRead, 1)
  t.same(endedOf(registry), [])
})

t.test('what the program only wrote does not end the idle time of a dead connection', async (t) => {
  const registry = track(t)
  const server = net.createServer((peer) => peer.on('data', () => peer.resetAndDestroy()))
  const socket = await connected(await listen(t, server))
  const entry = await idle(registry, socket)
  await pass(30)
  socket.write('x')
  await new Promise((done) => socket.once('close', done))
  const [ended] = endedOf(registry)
  t.equal(ended?.entry, entry)
  t.ok((ended?.maxIdleMs ?? 0) >= 30)
  t.equal((ended?.socket.errored as NodeJS.ErrnoException | undefined)?.code, 'ECONNRESET')
})

t.test('a write that nobody answered does not hide the idle time before it', async (t) => {
  const registry = track(t)
  const server = net.createServer({ pauseOnConnect: true })
  const accepted = once(server, 'connection')
  const socket = await connected(await listen(t, server))
  const [peer] = (await accepted) as [Socket]
  const entry = await idle(registry, socket)
  await pass(50)
  socket.write('x')
  observe(registry, unseen)
  observe(registry, unseen)
  peer.resetAndDestroy()
  await new Promise((done) => socket.once('close', done))
  const [ended] = endedOf(registry)
  t.equal(ended?.entry, entry)
  t.ok((ended?.maxIdleMs ?? 0) >= 50, `at most ${ended?.maxIdleMs} ms`)
})

t.test('bytes may have moved right after the look before: at most counts from there', async (t) => {
  const registry = track(t)
  const server = net.createServer((peer) => peer.on('data', (data) => peer.write(data)))
  const socket = await connected(await listen(t, server))
  await idle(registry, socket)
  socket.write('x')
  await once(socket, 'data')
  const movedAt = clock()
  await pass(50)
  observe(registry, unseen)
  observe(registry, unseen)
  socket.destroy()
  await once(socket, 'close')
  const closedAt = clock()
  const [ended] = endedOf(registry)
  const { minIdleMs = 0, maxIdleMs = 0 } = ended ?? {}
  t.ok(minIdleMs <= closedAt - movedAt, `at least ${minIdleMs} ms`)
  t.ok(maxIdleMs >= closedAt - movedAt, `at most ${maxIdleMs} ms of ${closedAt - movedAt}`)
})

t.test('an end between two sweeps is still told', async (t) => {
  const registry = track(t)
  const socket = await connected(await listen(t, net.createServer()))
  const entry = await idle(registry, socket)
  socket.destroy()
  await once(socket, 'close')
  const add = (other: Socket) => registry.add(other, { host, port: 1 }, null, decision, undefined)
  for (let index = 0; index < 5_000; index++) add(new Socket()).socket.deref()?.destroy()
  t.same(
    endedOf(registry).map((ended) => ended.entry),
    [entry],
  )
})

t.test('a socket that connects again before a look has lost nothing', async (t) => {
  const registry = track(t)
  const port = await listen(t, net.createServer())
  const socket = await connected(port)
  const entry = await idle(registry, socket)
  socket.destroy()
  await once(socket, 'close')
  socket.connect(port, host)
  await once(socket, 'connect')
  t.equal(registry.get(socket), entry, 'an entry of the same identity')
  t.ok(entry.listed)
  t.same(endedOf(registry), [])
  t.same(seen(registry), [socket])
  socket.destroy()
})

t.test('an entry is listed until a look or a sweep finds it closed', async (t) => {
  const registry = track(t)
  const socket = await connected(await listen(t, net.createServer()))
  const entry = registry.get(socket)
  t.ok(entry?.listed)
  socket.destroy()
  await once(socket, 'close')
  t.ok(entry?.listed)
  observe(registry, unseen)
  t.equal(entry?.listed, false)
})

t.test('a socket knows its entry after the end, get() and known() alike', async (t) => {
  const registry = track(t)
  const socket = await connected(await listen(t, net.createServer()))
  const entry = registry.get(socket)
  t.ok(entry)
  t.equal(registry.known(socket), entry)
  socket.destroy()
  await once(socket, 'close')
  observe(registry, unseen)
  t.equal(registry.known(socket), entry)
  t.equal(registry.known(new Socket()), undefined)
})

t.test('known() does not look through a TLSSocket', async (t) => {
  const registry = track(t)
  const socket = await connected(await listen(t, tls.createServer({ key, cert })))
  const over = tls.connect({ socket, rejectUnauthorized }).on('error', none)
  t.ok(registry.get(over))
  t.equal(registry.known(over), undefined)
  over.destroy()
  socket.destroy()
})

t.test(
  'open() gives what is open, connecting ones included, and counts what was added',
  async (t) => {
    const registry = track(t)
    const port = await listen(t, net.createServer())
    const [first, second] = [await connected(port), await connected(port)]
    const connecting = net.connect({ port, host, lookup: none }).on('error', none)
    const pending = new Socket()
    const open = () => [...registry.open()].map(([, socket]) => socket)
    t.same(open(), [first, second, connecting])
    t.equal(registry.added, 3)
    first.destroy()
    t.same(open(), [second, connecting])
    t.equal(registry.added, 3)
    for (const [entry, socket] of registry.open()) t.equal(registry.get(socket), entry)
    for (const socket of [second, connecting, pending]) socket.destroy()
  },
)

t.test(
  'idleMs() is the time since the last look that saw bytes, 0 where some moved since',
  async (t) => {
    const registry = track(t)
    const server = net.createServer((peer) => peer.on('data', (data) => peer.write(data)))
    const socket = await connected(await listen(t, server))
    const entry = await idle(registry, socket)
    await pass(30)
    t.ok(registry.idleMs(entry, socket) >= 30)
    socket.write('x')
    await once(socket, 'data')
    t.equal(registry.idleMs(entry, socket), 0)
    observe(registry, unseen)
    await pass(10)
    const again = registry.idleMs(entry, socket)
    t.ok(again >= 10 && again <= clock() - entry.activeAt, `${again} ms`)
    socket.destroy()
  },
)

function traced(registry: Registry): Entry {
  return (function connect() {
    return registry.add(new Socket(), { host, port: 1 }, null, decision, connect)
  })()
}

t.test('stacks are read within a budget, all of them in the end', (t) => {
  const registry = new Registry()
  const entries = Array.from({ length: 200 }, () => traced(registry))
  const read = () => entries.filter(({ opener }) => opener !== null && 'package' in opener).length
  t.equal(read(), 0)
  t.equal(registry.readTraces(-1), false)
  t.equal(read(), 1, 'one, however short the budget')
  while (!registry.readTraces(1));
  t.equal(read(), entries.length)
  t.equal(registry.readTraces(-1), true, 'nothing is left')
  t.match(entries[0]?.opener, { place: /registry\.test\.ts:\d+$/, package: null })
  t.end()
})

t.test('a stack that somebody asked for before is not read again', (t) => {
  const registry = new Registry()
  const entry = traced(registry)
  const opener = openerOfEntry(entry)
  t.ok(registry.readTraces(1_000))
  t.equal(entry.opener, opener)
  t.end()
})

t.test('a request waiting on an idle connection is kept until something moves', async (t) => {
  const registry = track(t)
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = once(server, 'request')
  const request = http.get({ port, host, path: '/slow?secret=1', agent: false })
  const [, response] = (await arrived) as [unknown, http.ServerResponse]
  const socket = request.socket as Socket
  const entry = await idle(registry, socket)
  t.same(entry.request, { method: 'GET', host, path: '/slow' })
  response.flushHeaders()
  await once(request, 'response')
  observe(registry, unseen)
  t.equal(entry.request, null)
  request.destroy()
})

t.test('a request that was given up is told of at the end of its connection', async (t) => {
  const registry = track(t)
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = once(server, 'request')
  const request = http.get({ port, host, path: '/slow', agent: false }).on('error', none)
  await arrived
  const socket = request.socket as Socket
  await idle(registry, socket)
  request.destroy()
  await new Promise((done) => socket.once('close', done))
  const [ended] = endedOf(registry)
  t.same(ended?.entry.request, { method: 'GET', host, path: '/slow' })
})

t.test('a look in steps misses nothing that opens and closes meanwhile', async (t) => {
  const registry = track(t)
  const port = await listen(t, net.createServer())
  const sockets = await Promise.all(Array.from({ length: 200 }, () => connected(port)))
  const lookedAt = new Set<Socket>()
  const observer = { ...unseen, open: (_entry: Entry, socket: Socket) => lookedAt.add(socket) }
  const steps = registry.look(observer)
  steps.next()
  t.ok(lookedAt.size > 0 && lookedAt.size < sockets.length, 'it was cut')
  const later = await connected(port)
  sockets.at(-1)?.destroy()
  t.equal([...registry.open()].length, sockets.length, 'all open ones are known meanwhile')
  for (const _ of steps);
  t.equal(lookedAt.size, sockets.length - 1)
  t.notOk(lookedAt.has(later))
  t.equal([...registry.open()].length, sockets.length)
  t.strictSame(new Set(seen(registry)), new Set([...sockets.slice(0, -1), later]))
})

t.test('of two looks the later one sees all, and nothing counts twice', async (t) => {
  const registry = track(t)
  const port = await listen(t, net.createServer())
  const sockets = await Promise.all(Array.from({ length: 200 }, () => connected(port)))
  const first = registry.look(unseen)
  first.next()
  t.equal(seen(registry).length, sockets.length)
  for (const _ of first);
  t.equal([...registry.open()].length, sockets.length)
  t.equal(seen(registry).length, sockets.length)
})
