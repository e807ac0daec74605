import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net, { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { Registry } from '../../../src/connections/registry'
import { clock } from '../../../src/process/clock'
import { root, runNode } from '../../run-node'
import {
  cert,
  connected,
  decision,
  host,
  idle,
  key,
  listen,
  none,
  observe,
  pass,
  track,
} from './tracked'

const rejectUnauthorized = false

function seen(registry: Registry): Socket[] {
  const sockets: Socket[] = []
  observe(registry, (_entry, socket) => sockets.push(socket))
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
  t.match(entry.opener, { place: /tracked\.ts:\d+$/, package: null })
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
  t.same(entry.opener, { place: null, package: null })
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
  observe(registry)
  t.ok(entry.activeAt >= (entry.openedAt ?? 0))
  await once(socket, 'connect')
  socket.destroy()
})

t.test('closed connections leave at once, whoever closed them', async (t) => {
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
  t.equal(registry.size, 2)
  byPeer.write('close')
  await once(byPeer, 'close')
  t.equal(registry.size, 1)
  t.same(seen(registry), [open])
  for (const closed of [byUs, byPeer]) t.equal(registry.get(closed)?.listed, false)
  t.same(
    [...registry.open()].map(([, socket]) => socket),
    [open],
  )
  open.destroy()
})

t.test('a connection that was refused leaves at once', async (t) => {
  const registry = track(t)
  const server = net.createServer()
  const port = await listen(t, server)
  server.close()
  await once(server, 'close')
  const socket = net.connect(port, host)
  t.equal(registry.size, 1)
  await new Promise((done) => socket.on('error', none).on('close', done))
  t.equal(registry.size, 0)
})

t.test('a socket with a way of its own to close leaves at a look', async (t) => {
  const registry = track(t)
  class Own extends Socket {
    override _destroy(error: Error | null, done: (error?: Error | null) => void) {
      const { _handle } = this as unknown as { _handle: { close(): void } }
      _handle.close()
      done(error)
    }
  }
  const socket = new Own().connect(await listen(t, net.createServer()), host)
  await once(socket, 'connect')
  socket.destroy()
  t.equal(registry.size, 1, 'its end is not seen')
  t.same([...registry.open()], [])
  t.same(seen(registry), [])
  t.equal(registry.size, 0)
})

for (const looked of [false, true]) {
  const when = looked ? 'after a look' : 'before any look'
  t.test(`a socket that connects again, ${when}, is one new connection`, async (t) => {
    const registry = track(t)
    const [first, second] = [
      await listen(t, net.createServer()),
      await listen(t, net.createServer()),
    ]
    const socket = await connected(first)
    const firstId = registry.get(socket)?.id ?? 0
    socket.write('traffic')
    observe(registry)
    socket.destroy()
    await once(socket, 'close')
    if (looked) observe(registry)
    socket.connect(second, host)
    await once(socket, 'connect')
    const entry = registry.get(socket)
    t.same(entry?.endpoint, { host, port: second })
    t.ok((entry?.id ?? 0) > firstId)
    t.same([entry?.read, entry?.written, entry?.idle, entry?.request], [0, 0, false, null])
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
  const registry = track(t)
  const open = Array.from({ length: 100 }, () => new Socket())
  const add = (socket: Socket) => registry.add(socket, { host, port: 1 }, null, decision, none)
  for (const socket of open) add(socket)
  let largest = 0
  for (let index = 0; index < 5_000; index++) {
    const socket = new Socket()
    add(socket)
    largest = Math.max(largest, registry.size)
    socket.destroy()
  }
  t.equal(largest, open.length + 1)
  t.ok(open.every((socket) => registry.get(socket)?.listed))
  t.same(
    [...registry.open()].map(([, socket]) => socket),
    open,
  )
  t.end()
})

const garbage = `
  const net = require('node:net')
  const { Registry } = require('./dist/connections/registry.js')
  const registry = new Registry()
  const track = (socket, wrapper) => registry.add(socket, { host: 'x', port: 1 }, null, { action: 'leave' }, wrapper)
  const observe = () => { for (const _ of registry.look(() => {})); }
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

t.test('a stack holds nothing of the program', async (t) => {
  const { stdout } = await runGarbage(`${client}
    globalThis.held = new net.Socket()
    const open = () => {
      const client = new Client()
      client.open(held)
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
  observe(registry, (_entry, _socket, idle) => times.push(idle))
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

t.test('a socket knows its entry after the end, get() and known() alike', async (t) => {
  const registry = track(t)
  const socket = await connected(await listen(t, net.createServer()))
  const entry = registry.get(socket)
  t.ok(entry)
  t.equal(registry.known(socket), entry)
  socket.destroy()
  await once(socket, 'close')
  observe(registry)
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
    observe(registry)
    await pass(10)
    const again = registry.idleMs(entry, socket)
    t.ok(again >= 10 && again <= clock() - entry.activeAt, `${again} ms`)
    socket.destroy()
  },
)

t.test('a request waiting on an idle connection is kept until something moves', async (t) => {
  const registry = track(t)
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = once(server, 'request')
  const request = http.get({ port, host, path: '/slow?secret=1', agent: false })
  const [, response] = (await arrived) as [unknown, http.ServerResponse]
  const socket = request.socket as Socket
  const entry = await idle(registry, socket)
  t.same(entry.request, { method: 'GET', host, path: null })
  response.flushHeaders()
  await once(request, 'response')
  observe(registry)
  t.equal(entry.request, null)
  request.destroy()
})

t.test('a look in steps misses nothing that opens and closes meanwhile', async (t) => {
  const registry = track(t)
  const port = await listen(t, net.createServer())
  const sockets = await Promise.all(Array.from({ length: 200 }, () => connected(port)))
  const lookedAt = new Set<Socket>()
  const steps = registry.look((_entry, socket) => lookedAt.add(socket))
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
  const first = registry.look(none)
  first.next()
  t.equal(seen(registry).length, sockets.length)
  for (const _ of first);
  t.equal([...registry.open()].length, sockets.length)
  t.equal(seen(registry).length, sockets.length)
})
