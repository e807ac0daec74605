import { once } from 'node:events'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import {
  destinationOf,
  type Endpoint,
  endpointOf,
  isLoopback,
} from '../../../src/connections/endpoint'
import { wrapMethod } from '../../../src/hook/wrap'

type Connect = (...args: unknown[]) => Socket

const none = () => {}

/** Calls Socket#connect with arguments that its types would not let through. */
function tryConnect(args: readonly unknown[]): Socket {
  const socket = new Socket().on('error', none)
  try {
    return (socket.connect as Connect)(...args)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** What endpointOf says about every call of Socket#connect while the test runs. */
function listen(t: Test): (Endpoint | null)[] {
  const said: (Endpoint | null)[] = []
  const undo = wrapMethod(
    Socket.prototype,
    'connect',
    (original) =>
      function (this: unknown, ...args) {
        said.push(endpointOf(args))
        return original.apply(this, args)
      },
  )
  t.teardown(undo)
  return said
}

t.test('says where Node really connects to', async (t) => {
  const server = createServer((socket) => socket.on('error', none)).listen(0)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const hex = `0x${port.toString(16)}`
  const host = '127.0.0.1'
  const forms: readonly (readonly unknown[])[] = [
    [port],
    [port, none],
    [port, host],
    [port, host, none],
    [port, 'localhost'],
    [port, ''],
    [port, undefined, none],
    [port, null],
    [port, 5],
    [port, {}],
    [`${port}`],
    [`${port}`, host],
    [` ${port}\n`, host],
    [hex, host],
    [`${port}.0`, host],
    [`+${port}`, host],
    [{ port }],
    [{ port }, none],
    [{ port, host }],
    [{ port, host }, 'not a host'],
    [{ port: `${port}`, host }],
    [{ port: hex, host }],
    [{ port, host: 'localhost' }],
    [{ port, host: '' }],
    [{ port, host: undefined }],
    [{ port, host: null }],
    [{ port, host: 0 }],
    [{ port, host, path: '' }],
    [{ port, host, path: undefined }],
    [{ port, host, path: null }],
    [Object.assign(Object.create({ port, host }), {})],
  ]
  const said = listen(t)
  const ways: readonly [string, Connect][] = [
    ['Socket#connect', (...args) => tryConnect(args)],
    ['net.connect', connect as Connect],
  ]
  for (const [way, open] of ways) {
    for (const form of forms) {
      const socket = open(...form).on('error', none)
      let asked: string | undefined
      socket.on('lookup', (_error, _address, _family, name) => {
        asked = name
      })
      await once(socket, 'connect')
      const real = { host: asked ?? socket.remoteAddress, port: socket.remotePort }
      t.same(said.splice(0), [real], `${way} ${JSON.stringify(form)}`)
      socket.destroy()
    }
  }
})

t.test('reads what tls.connect passes on', async (t) => {
  const server = createServer((socket) => socket.on('error', none).destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const said = listen(t)
  const open = connectTls as unknown as Connect
  for (const form of [
    [port, '127.0.0.1'],
    [{ port, host: '127.0.0.1' }],
    [port, '127.0.0.1', {}],
  ]) {
    const socket = open(...form).on('error', none)
    await new Promise((resolve) => socket.once('close', resolve))
    t.same(said.splice(0), [{ host: '127.0.0.1', port }], JSON.stringify(form))
  }
})

t.test('port 0 is a port', (t) => {
  for (const form of [[0], ['0'], [{ port: 0 }], [{ port: '0' }]]) {
    const socket = tryConnect(form)
    t.same(endpointOf(form), { host: 'localhost', port: 0 }, JSON.stringify(form))
    socket.destroy()
  }
  t.end()
})

t.test('the whole range of ports is read', (t) => {
  for (const port of [1, 80, 65_535]) {
    t.same(endpointOf([port, 'db']), { host: 'db', port })
    t.same(endpointOf([{ port: `${port}`, host: '::1' }]), { host: '::1', port })
  }
  t.end()
})

t.test('a Unix socket or pipe has no endpoint, in the eyes of Node too', (t) => {
  const missing = join(t.testdir(), 'none.sock')
  const forms: readonly (readonly unknown[])[] = [
    [missing],
    [missing, none],
    ['./none.sock'],
    ['\\\\.\\pipe\\none'],
    ['none'],
    ['80 80'],
    ['-1'],
    ['0x'],
    ['127.0.0.1:80'],
    [{ path: missing }],
    [{ path: missing }, none],
    [{ path: missing, port: 80, host: '127.0.0.1' }],
  ]
  const said = listen(t)
  for (const form of forms) {
    for (const socket of [tryConnect(form), (connect as Connect)(...form).on('error', none)]) {
      const { _handle: handle } = socket as Socket & { _handle?: object | null }
      t.equal(handle?.constructor.name, 'Pipe', JSON.stringify(form))
      socket.destroy()
    }
    t.same(said.splice(0), [null, null], JSON.stringify(form))
  }
  t.end()
})

t.test('what Node refuses has no endpoint', (t) => {
  const refused: readonly [string, readonly unknown[]][] = [
    ['nothing', []],
    ['undefined', [undefined]],
    ['null', [null]],
    ['true', [true]],
    ['a symbol', [Symbol('port')]],
    ['a function', [none]],
    ['a bigint', [80n]],
    ['NaN', [Number.NaN]],
    ['Infinity', [Number.POSITIVE_INFINITY]],
    ['-1', [-1]],
    ['65536', [65_536]],
    ['a fraction', [80.5]],
    ['an empty string', ['']],
    ['blanks', ['  ']],
    ['a fraction in a string', ['80.5']],
    ['65536 in a string', ['65536']],
    ['a boxed number', [new Number(80)]],
    ['an empty object', [{}]],
    ['a host alone', [{ host: '127.0.0.1' }]],
    ['port null', [{ port: null }]],
    ['port true', [{ port: true }]],
    ['port -1', [{ port: -1 }]],
    ['port 65536', [{ port: 65_536 }]],
    ['a blank port', [{ port: ' ' }]],
    ['an empty port', [{ port: '' }]],
    ['a port that is no number', [{ port: 'http' }]],
    ['a port in an array', [{ port: [80] }]],
    ['a bigint port', [{ port: 80n }]],
    ['an empty array', [[]]],
    ['an array of net.connect without its tag', [[{ port: 80, host: '127.0.0.1' }, null]]],
    ['an array of a port and a host', [[80, '127.0.0.1']]],
    ['a host that is a number', [{ port: 80, host: 5 }]],
    ['a host that is an object', [{ port: 80, host: {} }]],
  ]
  for (const [name, args] of refused) {
    t.throws(() => tryConnect(args), `${name}: Node throws`)
    t.equal(endpointOf(args), null, `${name}: no endpoint`)
  }
  t.end()
})

t.test('a destination is host and port, with brackets around an IPv6 address', (t) => {
  const table: readonly [Endpoint, string][] = [
    [{ host: 'db.internal', port: 5432 }, 'db.internal:5432'],
    [{ host: '10.0.0.1', port: 443 }, '10.0.0.1:443'],
    [{ host: '::1', port: 80 }, '[::1]:80'],
    [{ host: '::ffff:10.0.0.1', port: 80 }, '[::ffff:10.0.0.1]:80'],
    [{ host: 'fe80::1%eth0', port: 80 }, '[fe80::1%eth0]:80'],
    [{ host: 'localhost', port: 0 }, 'localhost:0'],
  ]
  for (const [endpoint, destination] of table) t.equal(destinationOf(endpoint), destination)
  t.end()
})

t.test('loopback is 127/8, also mapped into IPv6, ::1, and localhost', (t) => {
  const table: readonly [string | undefined, boolean][] = [
    ['127.0.0.1', true],
    ['127.255.255.254', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['localhost', true],
    [undefined, false],
    ['', false],
    ['10.0.0.1', false],
    ['128.0.0.1', false],
    ['1.127.0.1', false],
    ['12.127.0.1', false],
    ['::', false],
    ['::11', false],
    ['2001:db8::1', false],
    ['::ffff:10.127.0.1', false],
    ['localhost.example.org', false],
    ['db.localhost.example', false],
    ['notlocalhost', false],
  ]
  for (const [host, expected] of table) t.equal(isLoopback(host), expected, `${host}`)
  t.end()
})

t.test('loopback names are read as the resolver reads them, RFC 6761', (t) => {
  const table: readonly [string, boolean][] = [
    ['LOCALHOST', true],
    ['Localhost', true],
    ['app.localhost', true],
    ['::FFFF:127.0.0.1', true],
    ['127.example.org', false],
  ]
  for (const [host, expected] of table) t.equal(isLoopback(host), expected, host)
  t.end()
})
