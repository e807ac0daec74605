import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import net, { type Socket } from 'node:net'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import type { Ended } from '../../../src/connections/ended'
import type { Registry } from '../../../src/connections/registry'
import { followUndici } from '../../../src/connections/waiting-request'
import { clock } from '../../../src/process/clock'
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
t.teardown(followUndici())

/** What the only connection that ended since the last call left behind. */
function onlyEnd(registry: Registry): Ended | undefined {
  const ended = registry.takeEnded()
  if (ended.length > 1) throw new Error(`${ended.length} ends instead of one`)
  return ended[0]
}

function closed(socket: Socket): Promise<unknown> {
  return new Promise((done) => socket.on('close', done).on('error', none))
}

/** A connection to a peer that answers each chunk with its first byte, and what the peer has of it. */
async function pair(t: Test): Promise<{ registry: Registry; socket: Socket; peer: Socket }> {
  const registry = track(t)
  const server = net.createServer((peer) =>
    peer.on('data', (data) => peer.write(data.subarray(0, 1))),
  )
  const accepted = once(server, 'connection')
  const socket = (await connected(await listen(t, server))).resume()
  const [peer] = (await accepted) as [Socket]
  return { registry, socket, peer }
}

/** The peer no longer answers. */
function mute(peer: Socket): void {
  peer.removeAllListeners('data').resume()
}

async function ask(socket: Socket): Promise<void> {
  socket.write('question')
  await once(socket, 'data')
}

t.test('a reset of an idle connection is told once, with the span of its idle time', async (t) => {
  const { registry, socket, peer } = await pair(t)
  const entry = await idle(registry, socket)
  await pass(40)
  observe(registry)
  t.same(registry.takeEnded(), [], 'open')
  await pass(20)
  peer.resetAndDestroy()
  await closed(socket)
  const most = clock() - (entry.openedAt ?? 0)
  const ended = onlyEnd(registry)
  t.match(ended, {
    end: 'reset',
    code: 'ECONNRESET',
    sent: false,
    waits: false,
    request: null,
    endpoint: entry.endpoint,
    decision,
    keepalive: null,
    loopback: true,
    opener: { place: /tracked\.ts:\d+$/ },
  })
  const { minIdleMs = 0, maxIdleMs = 0 } = ended ?? {}
  t.ok(minIdleMs >= 55, `at least ${minIdleMs} ms: up to the end, not to the look before it`)
  t.ok(maxIdleMs >= minIdleMs && maxIdleMs <= most, `at most ${maxIdleMs} ms of ${most}`)
  t.same(registry.takeEnded(), [], 'once')
})

t.test('what is kept of an end is plain data', async (t) => {
  const { registry, socket, peer } = await pair(t)
  await idle(registry, socket)
  peer.resetAndDestroy()
  await closed(socket)
  const ended = onlyEnd(registry)
  t.strictSame(JSON.parse(JSON.stringify(ended)), ended)
})

t.test('a connection that was never found idle leaves without a word', async (t) => {
  const { registry, socket, peer } = await pair(t)
  peer.resetAndDestroy()
  await closed(socket)
  t.same(registry.takeEnded(), [])
})

t.test('bytes end the idleness, and it begins again when they stop', async (t) => {
  const { registry, socket } = await pair(t)
  const entry = await idle(registry, socket)
  await ask(socket)
  observe(registry)
  t.equal(entry.idle, false)
  t.same([entry.read, entry.written], [1, 8])
  observe(registry)
  t.equal(entry.idle, true)
  socket.destroy()
})

t.test('a connection that received something before it ended was not idle', async (t) => {
  const { registry, socket, peer } = await pair(t)
  await idle(registry, socket)
  await ask(socket)
  peer.resetAndDestroy()
  await closed(socket)
  t.equal(socket.bytesRead, 1)
  t.same(registry.takeEnded(), [])
})

for (const looked of [false, true]) {
  const when = looked ? 'and a look saw that' : 'and no look saw that'

  t.test(`what was only written, ${when}, does not end the idle time before a reset`, async (t) => {
    const { registry, socket, peer } = await pair(t)
    mute(peer)
    await idle(registry, socket)
    await pass(50)
    socket.write('question')
    await once(peer, 'data')
    if (looked) observe(registry)
    peer.resetAndDestroy()
    await closed(socket)
    const { end, sent, maxIdleMs = 0 } = onlyEnd(registry) ?? {}
    t.match({ end, sent }, { end: 'reset', sent: true })
    t.ok(maxIdleMs >= 50, `at most ${maxIdleMs} ms`)
  })

  t.test(
    `a peer that has answered before owes an answer to what was written, ${when}`,
    async (t) => {
      const { registry, socket, peer } = await pair(t)
      await ask(socket)
      mute(peer)
      observe(registry)
      await idle(registry, socket)
      socket.write('question')
      await once(peer, 'data')
      if (looked) observe(registry)
      peer.end()
      await closed(socket)
      const told = onlyEnd(registry)
      // Where no look saw the write, the FIN may be the answer to a goodbye.
      if (looked) t.match(told, { end: 'hang-up', waits: true, code: null })
      else t.equal(told, undefined)
    },
  )

  t.test(`a peer that never answers owes none to what was written, ${when}`, async (t) => {
    const { registry, socket, peer } = await pair(t)
    mute(peer)
    await idle(registry, socket)
    socket.write('a line for the log')
    await once(peer, 'data')
    if (looked) observe(registry)
    peer.end()
    await closed(socket)
    t.same(registry.takeEnded(), [])
  })
}

t.test('an answer ends the idle time before the question', async (t) => {
  const { registry, socket, peer } = await pair(t)
  await idle(registry, socket)
  await pass(200)
  mute(peer)
  socket.write('question')
  await once(peer, 'data')
  observe(registry)
  peer.write('answer')
  await once(socket, 'data')
  const answeredAt = clock()
  observe(registry)
  await idle(registry, socket)
  peer.resetAndDestroy()
  await closed(socket)
  const since = clock() - answeredAt
  const { sent, waits, maxIdleMs = Number.NaN } = onlyEnd(registry) ?? {}
  t.match({ sent, waits }, { sent: false, waits: false })
  // The look before the answer was after the 200 ms.
  t.ok(maxIdleMs < 200 || maxIdleMs <= since + 50, `at most ${maxIdleMs} ms`)
})

t.test('bytes may have moved right after the look before: at most counts from there', async (t) => {
  const { registry, socket, peer } = await pair(t)
  await idle(registry, socket)
  await ask(socket)
  const movedAt = clock()
  await pass(50)
  observe(registry)
  observe(registry)
  peer.resetAndDestroy()
  await closed(socket)
  const { minIdleMs = 0, maxIdleMs = 0 } = onlyEnd(registry) ?? {}
  t.ok(minIdleMs <= clock() - movedAt, `at least ${minIdleMs} ms`)
  t.ok(maxIdleMs >= 50, `at most ${maxIdleMs} ms`)
})

t.test('no idle time began before its connection', async (t) => {
  const { registry, socket, peer } = await pair(t)
  observe(registry)
  await pass(100)
  const later = net.connect((peer.address() as net.AddressInfo).port, host)
  later.on('error', none).resume()
  await once(later, 'connect')
  const openedAt = registry.get(later)?.openedAt ?? 0
  await ask(later)
  observe(registry)
  await idle(registry, later)
  later.destroy(kernelError('ECONNRESET'))
  const { maxIdleMs = Number.NaN } = onlyEnd(registry) ?? {}
  t.ok(maxIdleMs <= clock() - openedAt, `at most ${maxIdleMs} ms`)
  socket.destroy()
})

t.test('no idle time began before the last look that saw bytes', async (t) => {
  const { registry, socket } = await pair(t)
  await pass(100)
  await ask(socket)
  const before = clock()
  observe(registry)
  await ask(socket)
  observe(registry)
  await idle(registry, socket)
  socket.destroy(kernelError('ECONNRESET'))
  const { maxIdleMs = Number.NaN } = onlyEnd(registry) ?? {}
  t.ok(maxIdleMs <= clock() - before, `at most ${maxIdleMs} ms`)
})

/** As Node makes it where a read fails. */
function kernelError(code: string): Error {
  return Object.assign(new Error(`read ${code}`), { code, errno: -1, syscall: 'read' })
}

t.test('a socket that connects again in close has lost its connection before', async (t) => {
  const registry = track(t)
  const peers: Socket[] = []
  const port = await listen(
    t,
    net.createServer((peer) => peers.push(peer)),
  )
  const socket = await connected(port)
  const ends: string[] = []
  socket.on('close', () => socket.connect(port, host))
  for (let turn = 0; turn < 3; turn++) {
    const entry = await idle(registry, socket)
    peers[turn]?.resetAndDestroy()
    await new Promise((done) => socket.once('connect', done))
    t.equal(registry.get(socket), entry, 'an entry of the same identity')
    t.match(entry, { listed: true, idle: false, read: 0, gap: null, request: null })
    ends.push(onlyEnd(registry)?.end ?? 'nothing')
  }
  t.same(ends, ['reset', 'reset', 'reset'])
  t.equal(registry.size, 1)
  socket.removeAllListeners('close').destroy()
})

/** A TLS connection, and the TCP connection of its peer. */
async function overTls(t: Test, upgraded: boolean) {
  const registry = track(t)
  const server = tls.createServer({ key, cert })
  const accepted = once(server, 'connection')
  const secured = once(server, 'secureConnection')
  const port = await listen(t, server)
  const below = upgraded ? await connected(port) : undefined
  const socket = tls.connect({
    ...(below === undefined ? { port, host } : { socket: below }),
    rejectUnauthorized,
  })
  socket.on('error', none).resume()
  await once(socket, 'secureConnect')
  const [peer] = (await accepted) as [Socket]
  const [secure] = (await secured) as [tls.TLSSocket]
  // Tickets of TLS 1.3 still come in.
  await pass(20)
  observe(registry)
  await idle(registry, socket)
  return { registry, socket, tracked: below ?? socket, peer, secure }
}

for (const upgraded of [false, true]) {
  const what = upgraded ? 'TLS around a tracked socket' : 'TLS'

  t.test(`${what}: a reset is told once, whichever socket has the error`, async (t) => {
    const { registry, socket, tracked, peer } = await overTls(t, upgraded)
    peer.resetAndDestroy()
    await Promise.all([closed(socket), closed(tracked)])
    t.match(onlyEnd(registry), { end: 'reset', code: 'ECONNRESET', waits: false })
    t.equal(registry.size, 0)
  })

  for (const how of ['without a goodbye', 'with one']) {
    t.test(`${what}: the peer's FIN ${how} ends what waits`, async (t) => {
      const { registry, socket, tracked, peer, secure } = await overTls(t, upgraded)
      if (!upgraded) {
        secure.write('hello')
        await once(socket, 'data')
        observe(registry)
        await idle(registry, socket)
      }
      socket.write('x'.repeat(200))
      await once(secure, 'data')
      observe(registry)
      await pass(20)
      if (how === 'with one') secure.end()
      else peer.end()
      await Promise.all([closed(socket), closed(tracked)])
      t.match(onlyEnd(registry), { end: 'hang-up', waits: true })
    })

    t.test(`${what}: the peer's FIN ${how} where nothing waits is nothing lost`, async (t) => {
      const { registry, socket, tracked, peer, secure } = await overTls(t, upgraded)
      if (how === 'with one') secure.end()
      else peer.end()
      await Promise.all([closed(socket), closed(tracked)])
      t.same(registry.takeEnded(), [])
    })
  }

  t.test(`${what}: what the program closes itself is nothing lost`, async (t) => {
    const { registry, socket, tracked } = await overTls(t, upgraded)
    socket.end()
    await Promise.all([closed(socket), closed(tracked)])
    t.same(registry.takeEnded(), [])
    t.equal(registry.size, 0)
  })
}

interface Waiting {
  readonly registry: Registry
  readonly socket: Socket
  readonly peer: Socket
  /** The program does not want to wait any longer. */
  giveUp(error?: Error): void
}

async function byHttp(t: Test, timeout?: number): Promise<Waiting> {
  const registry = track(t)
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = once(server, 'request')
  const request = http.get({ port, host, path: '/slow?secret', agent: false, timeout })
  const [incoming] = (await arrived) as [http.IncomingMessage]
  request.on('error', none)
  const socket = request.socket as Socket
  await idle(registry, socket)
  return { registry, socket, peer: incoming.socket, giveUp: (error) => request.destroy(error) }
}

async function byFetch(t: Test): Promise<Waiting> {
  const registry = track(t)
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = once(server, 'request')
  const controller = new AbortController()
  const url = `http://${host}:${port}/slow?secret`
  fetch(url, { signal: controller.signal }).catch(none)
  const [incoming] = (await arrived) as [http.IncomingMessage]
  const [[, socket]] = [...registry.open()] as [[unknown, Socket]]
  await idle(registry, socket)
  return { registry, socket, peer: incoming.socket, giveUp: (error) => controller.abort(error) }
}

async function byHttp2(t: Test): Promise<Waiting> {
  const registry = track(t)
  const server = http2.createServer().on('sessionError', none)
  const port = await listen(t, server as unknown as net.Server)
  const [accepted, arrived] = [once(server, 'connection'), once(server, 'stream')]
  const session = http2.connect(`http://${host}:${port}`).on('error', none)
  const stream = session.request({ ':path': '/slow?secret' }).on('error', none)
  const [peer] = (await accepted) as [Socket]
  const [served] = (await arrived) as [http2.ServerHttp2Stream]
  served.on('error', none)
  const [[, socket]] = [...registry.open()] as [[unknown, Socket]]
  await pass(20)
  observe(registry)
  await idle(registry, socket)
  return { registry, socket, peer, giveUp: (error) => stream.destroy(error) }
}

const request = { method: 'GET', host, path: null }

for (const [kind, open] of Object.entries({ http: byHttp, fetch: byFetch, http2: byHttp2 })) {
  t.test(`${kind}: a reset while a request waits`, async (t) => {
    const { registry, socket, peer } = await open(t)
    peer.resetAndDestroy()
    await closed(socket)
    t.match(onlyEnd(registry), { end: 'reset', waits: true, request })
  })

  t.test(`${kind}: the peer's FIN while a request waits, whatever its client says`, async (t) => {
    const { registry, socket, peer } = await open(t)
    peer.end()
    await closed(socket)
    t.match(onlyEnd(registry), { end: 'hang-up', waits: true, request })
  })
}

const aborts: readonly [string, () => Error | undefined, string][] = [
  ['nothing', () => undefined, 'aborted'],
  ['an error of its own', () => new Error('changed my mind'), 'aborted'],
  ['an AbortError', () => new DOMException('aborted', 'AbortError'), 'aborted'],
  ['a TimeoutError', () => new DOMException('too late', 'TimeoutError'), 'given-up'],
  ['an error that speaks of a timeout', () => new Error('Request timed out'), 'given-up'],
]

for (const [kind, open] of Object.entries({ http: byHttp, fetch: byFetch })) {
  for (const [what, error, end] of aborts) {
    t.test(`${kind}: a request that the program ends with ${what} is ${end}`, async (t) => {
      const { registry, socket, giveUp } = await open(t)
      giveUp(error())
      await closed(socket)
      t.match(onlyEnd(registry), { end, waits: true, request })
    })
  }
}

t.test('a request that is destroyed after its timeout was given up', async (t) => {
  const { registry, socket, giveUp } = await byHttp(t, 50)
  await pass(60)
  giveUp()
  await closed(socket)
  t.match(onlyEnd(registry), { end: 'given-up', code: null, request })
})

t.test('http2: a stream that was given up leaves nothing that waits', async (t) => {
  const { registry, socket, peer, giveUp } = await byHttp2(t)
  giveUp()
  await pass(20)
  observe(registry)
  await idle(registry, socket)
  peer.end()
  await closed(socket)
  t.same(registry.takeEnded(), [])
})

for (const side of ['peer', 'program']) {
  t.test(`an idle connection of a pool that the ${side} closes is nothing lost`, async (t) => {
    const registry = track(t)
    const server = http.createServer((_, response) => response.end('answer'))
    const port = await listen(t, server)
    const agent = new http.Agent({ keepAlive: true })
    const connection = once(server, 'connection')
    const asked = http.get({ port, host, agent })
    const [response] = (await once(asked, 'response')) as [http.IncomingMessage]
    const socket = response.socket
    await once(response.resume(), 'end')
    const [peer] = (await connection) as [Socket]
    await pass(10)
    observe(registry)
    await idle(registry, socket)
    if (side === 'peer') peer.end()
    else agent.destroy()
    await closed(socket)
    t.same(registry.takeEnded(), [])
  })
}

t.test('an end that cannot be looked at leaves the list all the same', async (t) => {
  const { registry, socket } = await pair(t)
  await idle(registry, socket)
  const error = Object.defineProperty(new Error('theirs'), 'errno', {
    get() {
      throw new Error('a trap')
    },
  })
  t.throws(() => registry.closing(socket, error))
  t.equal(registry.size, 0)
  t.same(registry.takeEnded(), [])
  socket.destroy()
})
