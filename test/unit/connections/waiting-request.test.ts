import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net, { type AddressInfo, type Server, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { nameRequests } from '../../../src/connections/describe-request'
import { followUndici, waitingRequest } from '../../../src/connections/waiting-request'
import { root } from '../../run-node'

const key = readFileSync(join(root, 'test/fixtures/tls.key'))
const cert = readFileSync(join(root, 'test/fixtures/tls.crt'))
const host = '127.0.0.1'
const none = () => {}

t.teardown(followUndici())
// What is named by default, and with off, is described in a test of its own.
nameRequests('path')

/** Listens on loopback; every connection of it is gone when the test is over. */
async function listen(t: Test, server: Server): Promise<number> {
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

async function arrival(server: Server): Promise<[IncomingMessage, ServerResponse]> {
  return (await once(server, 'request')) as [IncomingMessage, ServerResponse]
}

/** The client's end of a connection that a server of this process accepted. */
function clientOf({ socket }: IncomingMessage): Socket {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] }
  const found = handles
    .call(process)
    .find((one) => one instanceof Socket && one.localPort === socket.remotePort)
  if (!(found instanceof Socket)) throw new Error('the client is not in this process')
  return found
}

for (const [scheme, client, create] of [
  ['http', http, () => http.createServer()],
  ['https', https, () => https.createServer({ key, cert })],
] as const) {
  t.test(`${scheme}: a request in flight, then answered, on a pooled connection`, async (t) => {
    const server = create()
    const port = await listen(t, server)
    const agent = new client.Agent({ keepAlive: true, rejectUnauthorized: false } as object)
    t.teardown(() => agent.destroy())
    for (const turn of ['first', 'second']) {
      const arrived = arrival(server)
      const request = client.request({ port, host, agent, method: 'PUT', path: `/items/${turn}` })
      request.end('body')
      const [incoming, response] = await arrived
      const socket = request.socket as Socket
      t.strictSame(waitingRequest(socket), { method: 'PUT', host, path: `/items/${turn}` })
      incoming.resume()
      response.end('answer')
      const [answer] = (await once(request, 'response')) as [IncomingMessage]
      t.equal(waitingRequest(socket), null, `${turn}: its answer has begun`)
      answer.resume()
      await once(answer, 'end')
      await sleep(1)
      t.equal(waitingRequest(socket), null, `${turn}: pooled`)
    }
  })
}

t.test('http: the host is the one that was asked for', async (t) => {
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = arrival(server)
  const request = http.get({ port, host: 'localhost', family: 4, agent: false }).on('error', none)
  await arrived
  t.strictSame(waitingRequest(request.socket as Socket), {
    method: 'GET',
    host: 'localhost',
    path: '/',
  })
  request.destroy()
})

t.test('http: a request whose socket is still connecting waits too', (t) => {
  const request = http.get({ port: 1, host, path: '/x', lookup: none, agent: false })
  request.on('error', none).once('socket', (own) => {
    t.strictSame(waitingRequest(own), { method: 'GET', host, path: '/x' })
    request.destroy()
    t.end()
  })
})

const secrets = /user|passw|secret|token|cookie|bearer|fragment/i

const secretPaths: readonly [asked: string, path: string][] = [
  ['/a/b?token=secret', '/a/b'],
  ['/a/b?token=secret#fragment', '/a/b'],
  ['/a?x=1&y=/b/c?secret', '/a'],
  ['/?secret', '/'],
  ['/a%3Fb?secret', '/a%3Fb'],
  // The form in which a proxy is asked.
  ['http://target.test/a/b?token=secret', '/a/b'],
  ['http://user:password@target.test/a/b?token=secret', '/a/b'],
  ['http://user:passw%40rd@target.test:8080/a/b', '/a/b'],
  ['https://user@target.test?secret', ''],
]

for (const [asked, path] of secretPaths) {
  t.test(`http: nothing secret of ${asked}`, async (t) => {
    const server = http.createServer()
    const port = await listen(t, server)
    const arrived = arrival(server)
    const request = http.request({
      port,
      host,
      path: asked,
      auth: 'user:password',
      agent: false,
      headers: { cookie: 'cookie=secret', 'x-api-key': 'token' },
    })
    request.on('error', none).end()
    await arrived
    const waiting = waitingRequest(request.socket as Socket)
    t.ok(waiting)
    t.notMatch(JSON.stringify(waiting), secrets)
    t.ok(waiting?.path?.endsWith(path), waiting?.path ?? 'none')
    t.same(Object.keys(waiting ?? {}).sort(), ['host', 'method', 'path'])
    request.destroy()
  })
}

t.test('http: a URL with user information shows none of it', async (t) => {
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = arrival(server)
  const url = `http://user:password@${host}:${port}/a/b?token=secret#fragment`
  const request = http.get(url, { agent: false }).on('error', none)
  await arrived
  t.strictSame(waitingRequest(request.socket as Socket), { method: 'GET', host, path: '/a/b' })
  request.destroy()
})

t.test('http: a CONNECT to a proxy waits, and not after its answer', async (t) => {
  const server = http.createServer()
  let accept = none
  const arrived = new Promise<void>((done) => {
    server.on('connect', (_request, socket) => {
      accept = () => socket.write('HTTP/1.1 200 OK\r\n\r\n')
      done()
    })
  })
  const port = await listen(t, server)
  const request = http.request({
    port,
    host,
    method: 'CONNECT',
    path: 'target.test:443',
    headers: { 'proxy-authorization': 'Basic secret' },
    agent: false,
  })
  request.on('error', none).end()
  await arrived
  const socket = request.socket as Socket
  t.strictSame(waitingRequest(socket), { method: 'CONNECT', host, path: 'target.test:443' })
  accept()
  await once(request, 'connect')
  t.equal(waitingRequest(socket), null)
  socket.destroy()
})

t.test('fetch: a request in flight, then answered, on a pooled connection', async (t) => {
  const server = http.createServer()
  const port = await listen(t, server)
  for (const turn of ['first', 'second']) {
    const arrived = arrival(server)
    const headers = { authorization: 'Bearer secret', cookie: 'cookie=secret' }
    const url = `http://${host}:${port}/items/${turn}?token=secret#fragment`
    const answered = fetch(url, { method: 'POST', body: 'body', headers })
    const [incoming, response] = await arrived
    const socket = clientOf(incoming)
    t.strictSame(waitingRequest(socket), { method: 'POST', host, path: `/items/${turn}` }, turn)
    incoming.resume()
    response.end('answer')
    t.equal(await (await answered).text(), 'answer')
    t.equal(waitingRequest(socket), null, `${turn}: pooled`)
  }
})

t.test('fetch: an answer that has begun is waited for no more, as with http', async (t) => {
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = arrival(server)
  const answered = fetch(`http://${host}:${port}/stream`)
  const [incoming, response] = await arrived
  const socket = clientOf(incoming)
  response.write('begin')
  const { body } = await answered
  t.equal(waitingRequest(socket), null)
  await body?.cancel()
})

t.test('fetch: a request that the program gave up waits no more', async (t) => {
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = arrival(server)
  const controller = new AbortController()
  const answered = fetch(`http://${host}:${port}/slow`, { signal: controller.signal })
  const [incoming] = await arrived
  const socket = clientOf(incoming)
  t.ok(waitingRequest(socket))
  controller.abort()
  await t.rejects(answered)
  t.equal(waitingRequest(socket), null)
})

t.test('fetch: the host of IPv6 and of a name is that of the URL', async (t) => {
  const server = http.createServer().listen(0, '::')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  for (const name of ['[::1]', 'localhost']) {
    const arrived = arrival(server)
    const answered = fetch(`http://${name}:${port}/`)
    const [incoming, response] = await arrived
    t.equal(waitingRequest(clientOf(incoming))?.host, name)
    response.end()
    await (await answered).text()
  }
})

t.test('http2 and plain connections tell of no request', async (t) => {
  const server = http2.createServer()
  const port = await listen(t, server as unknown as Server)
  const raw = net.connect(port, host)
  const session = http2.connect(`http://${host}:${port}`, { createConnection: () => raw })
  session.on('error', none)
  const arrived = once(server, 'stream')
  session.request({ ':path': '/' }).on('error', none)
  await arrived
  t.equal(waitingRequest(raw), null, 'http2')
  session.destroy()

  const plain = net.connect(await listen(t, net.createServer()), host)
  await once(plain, 'connect')
  t.equal(waitingRequest(plain), null, 'net')
  plain.destroy()
  t.equal(waitingRequest(plain), null, 'closed')
  t.equal(waitingRequest(new Socket()), null, 'never connected')
})

t.test('an inbound connection has no request that waits on it', async (t) => {
  const server = http.createServer()
  const port = await listen(t, server)
  const arrived = arrival(server)
  const request = http.get({ port, host, agent: false }).on('error', none)
  const [{ socket }] = await arrived
  t.equal(waitingRequest(socket), null)
  request.destroy()
})

t.test('a socket that throws when it is looked at has none', (t) => {
  const socket = new Socket()
  Object.defineProperty(socket, '_httpMessage', {
    get() {
      throw new Error('theirs')
    },
  })
  t.equal(waitingRequest(socket), null)
  t.end()
})
