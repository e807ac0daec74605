import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net, { type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { openSockets } from '../../../src/connections/open-sockets'
import { closed, connected, listen, resolvesTo, tlsFiles } from '../../loopback'

const host = '127.0.0.1'

/** Those of the sockets that are found, with how often and as which destination. */
function found(...sockets: Socket[]): (string | number)[] {
  const open = openSockets()
  return sockets.map((socket) => {
    const all = open.filter((one) => one.socket === socket)
    const [one] = all
    return one === undefined || all.length > 1
      ? all.length
      : `${one.endpoint.host} ${one.endpoint.port}`
  })
}

/** The first connection that a server gets. */
async function accepted(server: Server, event = 'connection'): Promise<Socket> {
  const [socket] = await once(server, event)
  return socket as Socket
}

t.test('outbound sockets are found with their destination, as the program named it', async (t) => {
  const port = await listen(t)
  const securePort = await listen(t, tls.createServer(tlsFiles))
  const plain = await connected(t, net.connect(port, host))
  const named = await connected(
    t,
    net.connect({ port, host: 'some.test', lookup: resolvesTo(host) }),
  )
  const options = { port: securePort, host, ca: tlsFiles.cert }
  const secure = await connected(t, tls.connect(options), 'secureConnect')
  t.same(found(plain, named, secure), [
    `${host} ${port}`,
    `some.test ${port}`,
    `${host} ${securePort}`,
  ])
})

t.test('a socket that is still connecting is found', async (t) => {
  const port = await listen(t)
  const socket = net.connect(port, host)
  t.not(found(socket)[0], 0)
  await connected(t, socket)
})

t.test('TLS around a socket: the socket is found, whichever way round it is told', async (t) => {
  const port = await listen(t, tls.createServer(tlsFiles))
  const inner = await connected(t, net.connect(port, host))
  const outer = tls.connect({ socket: inner, ca: tlsFiles.cert, servername: 'localhost' })
  await connected(t, outer, 'secureConnect')
  const all = openSockets().filter(({ socket }) => socket === inner || socket === outer)
  t.equal(all.length, 1)
  t.equal(all[0]?.endpoint.port, port)
})

t.test('inbound sockets are not', async (t) => {
  const server = net.createServer()
  const secureServer = tls.createServer(tlsFiles)
  const [port, securePort] = [await listen(t, server), await listen(t, secureServer)]
  const [inbound] = await Promise.all([accepted(server), connected(t, net.connect(port, host))])
  const options = { port: securePort, host, ca: tlsFiles.cert }
  const [secure] = await Promise.all([
    accepted(secureServer, 'secureConnection'),
    connected(t, tls.connect(options), 'secureConnect'),
  ])
  t.same(found(inbound, secure), [0, 0])
})

t.test('Unix sockets and pipes are not', { skip: process.platform === 'win32' }, async (t) => {
  const path = join(t.testdir(), 's')
  const server = net.createServer().listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const client = await connected(t, net.connect(path))
  const child: ChildProcess = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  t.teardown(() => void child.kill('SIGKILL'))
  t.same(found(client, child.stdin as Socket, child.stdout as unknown as Socket), [0, 0, 0])
})

t.test('a socket that is closed is not', async (t) => {
  const port = await listen(t)
  const socket = await connected(t, net.connect(port, host))
  t.not(found(socket)[0], 0)
  await closed(socket)
  t.same(found(socket), [0])
})

/** One request by the global agent, which keeps its socket; returns it, idle in the pool. */
async function pooled(t: Test, module: typeof http | typeof https, port: number): Promise<Socket> {
  const before = module.globalAgent
  const agent = new (module.Agent as typeof https.Agent)({ keepAlive: true, ca: tlsFiles.cert })
  Object.assign(module, { globalAgent: agent })
  t.teardown(() => {
    Object.assign(module, { globalAgent: before })
    agent.destroy()
  })
  const request = module.get({ port, host, agent })
  const [response] = await once(request, 'response')
  const { socket } = response
  const free = once(agent, 'free')
  response.resume()
  await Promise.all([once(response, 'end'), free])
  return socket
}

t.test('what lies idle in the pools of the global agents is found too', async (t) => {
  const answer: http.RequestListener = (_request, response) => void response.end('answer')
  const port = await listen(t, http.createServer(answer))
  const securePort = await listen(t, https.createServer(tlsFiles, answer))
  for (const [module, at] of [
    [http, port],
    [https, securePort],
  ] as const) {
    const socket = await pooled(t, module, at)
    const active = process as unknown as { _getActiveHandles(): unknown[] }
    t.notOk(active._getActiveHandles().includes(socket), 'it does not hold the event loop')
    t.same(found(socket), [`${host} ${at}`])
  }
})
