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
import { endpointOf } from '../src/endpoint'
import { patch } from '../src/patch'
import type { Decision } from '../src/policy'
import { openerOfEntry, Registry } from '../src/registry'
import { root, runNode } from './run-node'

const decision: Decision = { action: 'leave', reason: 'exempt' }
const key = readFileSync(join(__dirname, 'fixtures/tls.key'))
const cert = readFileSync(join(__dirname, 'fixtures/tls.crt'))
const rejectUnauthorized = false
const host = '127.0.0.1'
const none = () => {}

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
  registry.observe((_entry, socket) => sockets.push(socket))
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
  registry.observe(none)
  t.ok(entry.activeAt >= entry.openedAt)
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
  t.equal(registry.get(byUs), undefined)
  t.equal(registry.get(byPeer), undefined)
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
    registry.observe(none)
    socket.destroy()
    await once(socket, 'close')
    if (looked) registry.observe(none)
    socket.connect(second, host)
    await once(socket, 'connect')
    const entry = registry.get(socket)
    t.same(entry?.endpoint, { host, port: second })
    t.ok((entry?.id ?? 0) > firstId)
    t.equal(entry?.bytes, 0)
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
  t.equal(seen(registry).length, open.length)
  t.equal(registry.size, open.length)
  t.end()
})

const garbage = `
  const net = require('node:net')
  const { Registry, openerOfEntry } = require('./dist/registry.js')
  const registry = new Registry()
  const track = (socket, wrapper) => registry.add(socket, { host: 'x', port: 1 }, null, { action: 'leave' }, wrapper)
  const collected = async (isGone) => {
    for (let turn = 0; turn < 50; turn++) {
      await new Promise((done) => setTimeout(done, 2))
      gc()
      if (isGone()) return true
    }
    return false
  }
  const emptied = () => collected(() => {
    registry.observe(() => {})
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

t.test('a socket whose connect threw is forgotten with the object that opened it', async (t) => {
  const { stdout } = await runGarbage(`${client}
    const open = () => {
      const socket = new net.Socket()
      new Client().open(socket)
      try {
        socket.connect({ port: 1, host: 5 })
      } catch {}
    }
    open()
    emptied().then(report)`)
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
  registry.observe((_entry, _socket, idle) => times.push(idle))
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
