import { readdirSync, readlinkSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { loadNative, type NativePart } from '../../../src/kernel/native'
import type { SocketRecord } from '../../../src/kernel/sock-diag'
import { OWNED_STATES, socketDump } from '../../../src/kernel/socket-dump'
import { SocketFacts } from '../../../src/kernel/socket-facts'
import { atOnce, inSlices } from '../../../src/process/steps'

const native = loadNative()
if (!native.known) throw new Error(native.why)
const part = native.value

/** Connections to a server of this process, in both families where there are two. */
async function connections(t: Test, count: number): Promise<{ sockets: Socket[]; port: number }> {
  const server = createServer().listen(0, '::')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as AddressInfo
  const accepted: Socket[] = []
  server.on('connection', (socket) => accepted.push(socket))
  const sockets: Socket[] = []
  t.teardown(() => {
    for (const socket of [...sockets, ...accepted]) socket.destroy()
    server.close()
  })
  while (sockets.length < count) {
    const socket = connect(port, sockets.length % 2 === 0 ? '127.0.0.1' : '::1')
    await new Promise((done) => socket.once('connect', done))
    sockets.push(socket)
  }
  return { sockets, port }
}

function descriptorOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd
}

/** What a dump has of the connections to the port, by their cookies. */
function collect(port: number) {
  const found = new Map<number, string>()
  const visit = (record: SocketRecord): void => {
    if (record.remotePort !== port) return
    const { localAddress, localPort, remoteAddress, state, ipv6 } = record
    found.set(record.cookie, [localAddress, localPort, remoteAddress, state, ipv6].join())
  }
  return { found, visit }
}

function openNetlink(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:') && isDump(Number(fd))
    } catch {
      return false
    }
  }).length
}

/** Only a descriptor of a dump is asked for its array. */
function isDump(fd: number): boolean {
  return part.receiveDump(fd, new Uint8Array(8192)) !== -93
}

t.test('a dump has every connection, once, under the cookie that its descriptor has', async (t) => {
  const { sockets, port } = await connections(t, 300)
  const facts = new SocketFacts()
  const expected = new Map<number, string>()
  for (const socket of sockets) {
    t.equal(facts.read(part, descriptorOf(socket)), 0)
    const family = socket.localAddress === '::1'
    expected.set(
      facts.cookie,
      [socket.localAddress, socket.localPort, socket.remoteAddress, 'established', family].join(),
    )
  }
  t.equal(expected.size, 300, 'which is its own')

  const direct = collect(port)
  const read = atOnce(socketDump(part, OWNED_STATES, direct.visit))
  t.match(read, { known: true, value: { skipped: 0 } })
  t.strictSame(direct.found, expected, 'at once')

  const sliced = collect(port)
  const scan = await inSlices(socketDump(part, OWNED_STATES, sliced.visit))
  t.match(scan, { known: true, value: { skipped: 0 } })
  t.strictSame(sliced.found, expected, 'in slices')
  t.equal(openNetlink(), 0, 'and its descriptors are closed')
})

t.test('only the states that were asked for', async (t) => {
  const { port } = await connections(t, 2)
  const states = new Set<string>()
  atOnce(socketDump(part, ['listen'], (record) => states.add(record.state)))
  t.strictSame([...states], ['listen'])
  t.notOk(OWNED_STATES.includes('time-wait'))
  const { found, visit } = collect(port)
  t.match(atOnce(socketDump(part, ['syn-sent'], visit)), { known: true })
  t.equal(found.size, 0)
})

t.test('it pauses after each slice, and lets go of what it holds when it ends early', async (t) => {
  const { port } = await connections(t, 100)
  let pauses = 0
  const { found, visit } = collect(port)
  const slow = (record: SocketRecord) => {
    const end = process.uptime() + 0.000_1
    while (process.uptime() < end);
    visit(record)
  }
  const scan = await inSlices(socketDump(part, OWNED_STATES, slow), (next) => {
    pauses++
    setImmediate(next)
  })
  t.equal(scan.known, true)
  t.equal(found.size, 100)
  t.ok(pauses > 1, `${pauses} pauses`)
  t.throws(() =>
    atOnce(
      socketDump(part, OWNED_STATES, () => {
        throw new Error('the visitor')
      }),
    ),
  )
  t.equal(openNetlink(), 0)
})

t.test('a kernel that refuses is a reason', async (t) => {
  const table: readonly [string, Partial<NativePart>, RegExp][] = [
    ['a sandbox', { openDump: () => -97 }, /no dump of its sockets \(EAFNOSUPPORT\)$/],
    ['a filter', { receiveDump: () => -1 }, /no dump of its sockets \(EPERM\)$/],
    ['silence', { receiveDump: () => 0 }, /^the kernel said nothing$/],
    ['half a message', { receiveDump: () => 8 }, /^a message of the kernel was cut short$/],
  ]
  for (const [name, broken, why] of table) {
    const other = { ...part, ...broken }
    t.match(atOnce(socketDump(other, OWNED_STATES, () => {})), { known: false, why }, name)
    t.match(await inSlices(socketDump(other, OWNED_STATES, () => {})), { known: false, why }, name)
  }
  const noModule = {
    ...part,
    // NLMSG_ERROR with ENOENT, as where the kernel has no tcp_diag.
    receiveDump: (_fd: number, bytes: Uint8Array) => {
      new Uint32Array(bytes.buffer).set([20, 2, 0, 0, -2 >>> 0])
      return 20
    },
  }
  t.match(atOnce(socketDump(noModule, OWNED_STATES, () => {})), { why: /\(ENOENT\)$/ })
  t.equal(openNetlink(), 0)
})
