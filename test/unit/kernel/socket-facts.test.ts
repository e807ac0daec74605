import { closeSync, openSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { errorName, LEAVE, loadNative } from '../../../src/kernel/native'
import { SocketFacts } from '../../../src/kernel/socket-facts'

const native = loadNative()
if (!native.known) throw new Error(native.why)
const part = native.value

function descriptorOf(socket: Socket | Server): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd
}

async function open(t: Test, host: string): Promise<{ server: Server; client: Socket }> {
  const server = createServer((socket) => socket.resume()).listen(0, host)
  await new Promise((done) => server.once('listening', done))
  const client = connect((server.address() as AddressInfo).port, host)
  await new Promise((done) => client.once('connect', done))
  t.teardown(() => {
    client.destroy()
    server.close()
  })
  return { server, client }
}

t.test('addresses, ports and the schedule of a connection', async (t) => {
  for (const host of ['127.0.0.1', '::1']) {
    const { client } = await open(t, host)
    const fd = descriptorOf(client)
    const facts = new SocketFacts()
    t.equal(facts.read(part, fd), 0)
    t.strictSame(
      [facts.localAddress, facts.localPort, facts.remoteAddress, facts.remotePort],
      [client.localAddress, client.localPort, client.remoteAddress, client.remotePort],
    )
    t.equal(facts.keepalive, false)
    t.equal(facts.info.state, 'established')

    t.equal(part.setKeepalive(fd, 1, 100, 20, 30, 40_000), 0)
    t.equal(facts.read(part, fd), 0, 'read again')
    t.strictSame(
      [facts.keepalive, facts.idleSeconds, facts.intervalSeconds, facts.probes],
      [true, 100, 20, 30],
    )
    t.equal(facts.userTimeoutMs, 40_000)
    t.equal(part.setKeepalive(fd, 0, LEAVE, LEAVE, LEAVE, 0), 0)
    facts.read(part, fd)
    t.strictSame([facts.keepalive, facts.probes, facts.userTimeoutMs], [false, 30, 0])
  }
})

t.test('what it says of one socket is gone when it reads the next', async (t) => {
  const { server, client } = await open(t, '127.0.0.1')
  const facts = new SocketFacts()
  facts.read(part, descriptorOf(client))
  const { cookie } = facts
  t.equal(facts.read(part, descriptorOf(server)), 0)
  t.strictSame([facts.remoteAddress, facts.remotePort, facts.info.state], ['', 0, 'listen'])
  t.ok(cookie !== 0 && facts.cookie !== cookie)
})

t.test('what is no TCP socket has an error, by which a scan tells it from one', (t) => {
  const facts = new SocketFacts()
  const file = openSync('/dev/null', 'r')
  t.equal(errorName(facts.read(part, file)), 'ENOTSOCK')
  t.equal(errorName(part.setKeepalive(file, 1, 45, 15, 4, LEAVE)), 'ENOTSOCK')
  t.equal(errorName(facts.read(part, 4_000_000)), 'EBADF')
  t.equal(errorName(facts.read(part, -1)), 'EINVAL')
  const netlink = part.openDump(2, 0)
  t.equal(errorName(facts.read(part, netlink)), 'EPROTONOSUPPORT')
  t.equal(errorName(part.setKeepalive(netlink, 1, 45, 15, 4, LEAVE)), 'EPROTONOSUPPORT')
  t.equal(part.closeDump(netlink), 0)
  t.equal(errorName(part.closeDump(file)), 'ENOTSOCK', 'and nothing else is closed')
  closeSync(file)
  t.end()
})
