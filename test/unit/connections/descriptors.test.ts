import { once } from 'node:events'
import { rmSync } from 'node:fs'
import net, { type AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { descriptorsOfJavaScript } from '../../../src/connections/open-sockets'
import { Registry } from '../../../src/connections/registry'
import { protection } from '../../standard-protection'

const none = () => {}

interface Native {
  connectTo(port: number): number
}

const { connectTo } = require('../../fixtures/native-socket.cjs') as Native

const descriptorOf = (socket: Socket) =>
  (socket as unknown as { _handle: { fd: number } })._handle.fd

async function serve(t: Test) {
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return { server, port: (server.address() as AddressInfo).port }
}

async function connect(t: Test, port: number): Promise<Socket> {
  const socket = net.connect(port, '127.0.0.1').on('error', none)
  t.teardown(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

t.test('sockets of which the direction is known, and others', async (t) => {
  const { server, port } = await serve(t)
  const accepted = once(server, 'connection')
  const tracked = await connect(t, port)
  const [inbound] = (await accepted) as [Socket]
  t.teardown(() => void inbound.destroy())
  const untracked = await connect(t, port)
  const around = new Socket({ fd: connectTo(port) }).on('error', none)
  t.teardown(() => void around.destroy())
  const native = connectTo(port)
  t.teardown(() => void new Socket({ fd: native }).destroy())
  const registry = new Registry()
  registry.add(tracked, { host: '127.0.0.1', port }, null, protection, undefined)
  const { known, others, ports } = descriptorsOfJavaScript(registry)
  const where = (fd: number) => [known.has(fd), others.has(fd)]
  t.strictSame(where(descriptorOf(tracked)), [true, false])
  t.strictSame(where(descriptorOf(inbound)), [true, false])
  t.strictSame(where(descriptorOf(untracked)), [false, true])
  t.strictSame(where(descriptorOf(around)), [false, true])
  t.strictSame(where(native), [false, false])
  t.ok(ports.includes(port))
})

t.test('a server without a port, or whose address cannot be had, has none', async (t) => {
  const path = join(tmpdir(), `nat-keepalive-${process.pid}.sock`)
  const unix = net.createServer().listen(path)
  await once(unix, 'listening')
  t.teardown(() => {
    unix.close()
    rmSync(path, { force: true })
  })
  const { server, port } = await serve(t)
  t.ok(descriptorsOfJavaScript(new Registry()).ports.includes(port))
  server.address = () => {
    throw new Error('theirs')
  }
  t.notOk(descriptorsOfJavaScript(new Registry()).ports.includes(port))
})
