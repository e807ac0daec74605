import { once } from 'node:events'
import net, { Socket } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { inspect } from 'node:util'
import t from 'tap'
import { WhenConnected } from '../../../src/hook/when-connected'
import { closed, connected, listen, resolvesTo, tlsFiles } from '../../loopback'
import { root, runNode } from '../../run-node'

const host = '127.0.0.1'

interface Internals {
  _unrefTimer: unknown
}

const timerOf = (target: object) => (target as Internals)._unrefTimer

/** What is called back, in order with the events of the sockets. */
function recorded() {
  const order: unknown[] = []
  const whenConnected = new WhenConnected((_socket, peer) => order.push(peer))
  const note = (socket: Socket) => {
    for (const event of ['connect', 'ready', 'data', 'close'])
      socket.on(event, () => order.push(event))
    return socket
  }
  return { order, whenConnected, note }
}

t.test('a socket is told of once, with its peer, before its listeners are', async (t) => {
  const { order, whenConnected, note } = recorded()
  const server = net.createServer((inbound) => inbound.end('hello'))
  const port = await listen(t, server)
  const socket = note(new Socket())
  t.equal(whenConnected.await(socket), true)
  t.equal(whenConnected.awaits(socket), true)
  socket.connect({ port, host: 'some.test', lookup: resolvesTo(host) })
  t.equal(whenConnected.awaits(socket), true)
  await connected(t, socket)
  t.equal(whenConnected.awaits(socket), false)
  socket.write('more')
  await once(socket, 'close')
  t.match(order, [{ address: host, port }, 'connect', 'ready', 'data', 'close'])
})

t.test('Node reads afterwards what keepalive the socket is to have', async (t) => {
  const port = await listen(t)
  const symbol = Object.getOwnPropertySymbols(new Socket({ keepAlive: true } as object)).find(
    (one) => (new Socket({ keepAlive: true } as object) as never)[one] === true,
  )
  t.ok(symbol, 'it is among the own symbols of a socket')
  const order: string[] = []
  const socket = new Socket()
  new WhenConnected(() => order.push('told')).await(socket)
  const get = () => {
    order.push('read')
    return false
  }
  Object.defineProperty(socket, symbol as symbol, { get })
  await connected(t, socket.connect(port, host))
  t.same(order, ['told', 'read'])
})

t.test('of a socket that is not awaited, or not connected, nothing is told', async (t) => {
  const { order, whenConnected } = recorded()
  const port = await listen(t)
  const bare = await connected(t, net.connect(port, host))
  t.equal(whenConnected.awaits(bare), false)

  const refused = new Socket()
  whenConnected.await(refused)
  refused.connect(1, host)
  t.match((await once(refused, 'error'))[0], { code: 'ECONNREFUSED' })

  const unknown = new Socket()
  whenConnected.await(unknown)
  const lookup: net.LookupFunction = (_host, _options, callback) => callback(new Error('none'), '')
  unknown.connect({ port, host: 'none.test', lookup })
  await once(unknown, 'error')

  const given = new Socket()
  whenConnected.await(given)
  await closed(given.connect(port, host))
  t.same(order, [])
})

t.test('a socket that connects again is told of again, if it is awaited again', async (t) => {
  const { order, whenConnected } = recorded()
  const port = await listen(t)
  const socket = new Socket()
  for (const awaited of [true, false, true]) {
    if (awaited) t.equal(whenConnected.await(socket), true)
    socket.connect(port, host)
    await once(socket, 'connect')
    await closed(socket)
  }
  t.equal(order.length, 2)
})

t.test('of several addresses the one that is connected is told', async (t) => {
  const { order, whenConnected } = recorded()
  const port = await listen(t)
  const socket = new Socket()
  whenConnected.await(socket)
  const lookup = resolvesTo('127.0.0.2', '127.0.0.3', host)
  await connected(t, socket.connect({ port, host: 'three.test', lookup, autoSelectFamily: true }))
  t.match(order, [{ address: host, port }])
  t.equal(order.length, 1)
})

t.test('over TLS, and under it', async (t) => {
  const { order, whenConnected } = recorded()
  const port = await listen(t, tls.createServer(tlsFiles))
  const options = { ca: tlsFiles.cert, servername: 'localhost' }
  const direct = tls.connect({ ...options, port, host })
  whenConnected.await(direct)
  await connected(t, direct, 'secureConnect')

  const inner = net.connect(port, host)
  whenConnected.await(inner)
  await connected(t, tls.connect({ ...options, socket: inner }), 'secureConnect')
  t.match(order, [
    { address: host, port },
    { address: host, port },
  ])
  t.equal(order.length, 2)
})

t.test('nothing of it is seen on the socket where a program would look', async (t) => {
  const port = await listen(t)
  const bare = new Socket()
  const socket = new Socket()
  new WhenConnected(() => {}).await(socket)
  const look = (one: Socket) => ({
    keys: Object.keys(one),
    symbols: Object.getOwnPropertySymbols(one),
    events: one.eventNames(),
    spread: Object.keys({ ...one }),
    shown: inspect(one).includes('_unrefTimer'),
    accessors: Object.values(Object.getOwnPropertyDescriptors(one)).some(({ get }) => get),
  })
  t.same(look(socket), look(bare))
  for (const one of [bare, socket]) await connected(t, one.connect(port, host))
  t.same(look(socket), look(bare))
  t.equal(timerOf(socket), timerOf(Socket.prototype))
})

t.test('a method of a subclass is called, and stays', async (t) => {
  const port = await listen(t)
  let calls = 0
  class Counting extends Socket {
    _unrefTimer() {
      calls++
      return (timerOf(Socket.prototype) as () => void).call(this)
    }
  }
  const [one, other] = [new Counting(), new Counting()]
  await connected(t, other.connect(port, host))
  const bare = calls
  t.ok(bare > 0)
  calls = 0
  t.equal(new WhenConnected(() => {}).await(one), true)
  await connected(t, one.connect(port, host))
  t.equal(calls, bare)
  t.equal(timerOf(one), Counting.prototype._unrefTimer)
})

t.test('a method that the program has put on the socket is left there', async (t) => {
  const { order, whenConnected } = recorded()
  const port = await listen(t)
  const socket = new Socket()
  const theirs = timerOf(Socket.prototype) as (this: Socket) => void
  const own = function (this: Socket) {
    return theirs.call(this)
  }
  Object.assign(socket, { _unrefTimer: own })
  t.equal(whenConnected.await(socket), false)
  await connected(t, socket.connect(port, host))
  t.equal(timerOf(socket), own)
  t.same(order, [])
})

t.test('a later hook takes the place of an earlier one', async (t) => {
  const [earlier, later] = [recorded(), recorded()]
  const port = await listen(t)
  const socket = new Socket()
  t.equal(earlier.whenConnected.await(socket), true)
  t.equal(later.whenConnected.await(socket), true)
  await connected(t, socket.connect(port, host))
  t.equal(earlier.order.length, 0)
  t.equal(later.order.length, 1)
})

t.test('V8 keeps the socket as fast as it was', async (t) => {
  const source = `
    const net = require('node:net')
    const { WhenConnected } = require(${JSON.stringify(join(root, 'dist/hook/when-connected.js'))})
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const socket = new net.Socket()
      let told = false
      new WhenConnected(() => { told = true }).await(socket)
      socket.connect(server.address().port, '127.0.0.1', () => {
        console.log(told, %HasFastProperties(socket))
        process.exit()
      })
    })`
  const { stdout, stderr } = await runNode(['--allow-natives-syntax', '-e', source])
  t.strictSame([stdout, stderr], ['true true\n', ''])
})
