'use strict'
// Holds sockets in many states and prints as JSON what each witness says of them: the native part by
// descriptor, its dump, /proc/net/tcp, and getsockopt(2) in another program. To be run in a network
// namespace of its own, in which it drops packets.
const { execFileSync, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const net = require('node:net')
const { join } = require('node:path')

const kernel = join(__dirname, '../../../dist/kernel')
const { LEAVE, loadNative } = require(`${kernel}/native.js`)
const { createProcFs } = require(`${kernel}/proc-fs.js`)
const { SocketFacts } = require(`${kernel}/socket-facts.js`)
const { socketDump } = require(`${kernel}/socket-dump.js`)
const { tcpTable } = require(`${kernel}/tcp-table.js`)
const { atOnce } = require(`${kernel}/../process/steps.js`)
const { TCP_STATES } = require(`${kernel}/tcp-states.js`)

const native = loadNative()
if (!native.known) throw new Error(native.why)
const part = native.value

const held = new Map()
const hold = (name, socket) => held.set(name, socket._handle.fd)

async function connect(server, host, options = {}) {
  const client = net.connect({ port: server.address().port, host, ...options })
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')])
  return { client, accepted: accepted.on('error', () => {}) }
}

async function until(test) {
  while (!test()) await new Promise((done) => setTimeout(done, 20))
}

function drop(name, what) {
  const chain = `chain in { type filter hook input priority 0; ${what} drop; }`
  execFileSync('nft', ['-f', '-'], { input: `table ip ${name} { ${chain}; }` })
}

function timerOf(fd) {
  const facts = new SocketFacts()
  facts.read(part, fd)
  let timer
  atOnce(
    socketDump(part, TCP_STATES.slice(1), (record) => {
      if (record.cookie === facts.cookie) timer = record.timer
    }),
  )
  return timer
}

async function prepare() {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '::')
  await once(server, 'listening')
  hold('listening', server)
  for (const [name, host] of [
    ['IPv4', '127.0.0.1'],
    ['IPv6', '::1'],
  ]) {
    const { client, accepted } = await connect(server, host)
    hold(`${name}, as it comes`, client)
    hold(`${name}, accepted`, accepted)
    const kept = await connect(server, host)
    kept.client.setKeepAlive(true, 123_000)
    hold(`${name}, kept by Node`, kept.client)
    const armed = await connect(server, host)
    part.setKeepalive(armed.client._handle.fd, 1, 45, 15, 24, 90_000)
    hold(`${name}, kept by us`, armed.client)
  }

  const half = await connect(server, '127.0.0.1', { allowHalfOpen: true })
  part.setKeepalive(half.client._handle.fd, 1, 100, 7, 3, LEAVE)
  half.client.end()
  half.accepted.resume()
  await once(half.accepted, 'end')
  hold('half closed by us', half.client)
  hold('half closed by the peer', half.accepted)

  drop('unanswered', 'tcp dport 9')
  const connecting = net.connect(9, '127.0.0.1').on('error', () => {})
  await until(() => connecting._handle?.fd >= 0)
  part.setKeepalive(connecting._handle.fd, 1, 45, 15, 24, LEAVE)
  hold('connecting', connecting)
  await until(() => fromDescriptor(connecting._handle.fd).retransmits > 0)

  const full = await connect(server, '127.0.0.1')
  part.setKeepalive(full.client._handle.fd, 1, 45, 15, 24, LEAVE)
  full.client.write(Buffer.alloc(8_000_000))
  await until(() => timerOf(full.client._handle.fd) === 'zero-window')
  hold('a closed window', full.client)

  const cut = await connect(server, '127.0.0.1')
  part.setKeepalive(cut.client._handle.fd, 1, 45, 15, 24, LEAVE)
  drop('cut', `tcp sport ${cut.client.localPort}`)
  cut.client.write('nobody hears this')
  await until(() => timerOf(cut.client._handle.fd) === 'retransmit')
  await until(() => fromDescriptor(cut.client._handle.fd).retransmits > 0)
  hold('unacknowledged data', cut.client)
}

function fromDescriptor(fd) {
  const facts = new SocketFacts()
  const result = facts.read(part, fd)
  if (result !== 0) return { result }
  const { keepalive, idleSeconds, intervalSeconds, probes, userTimeoutMs } = facts
  const { unacknowledgedBytes, cookie, info } = facts
  return {
    ...{ keepalive, idleSeconds, intervalSeconds, probes, userTimeoutMs },
    ...{ unacknowledgedBytes, cookie },
    local: [facts.localAddress, facts.localPort],
    remote: [facts.remoteAddress, facts.remotePort],
    info: Array.from(info.words.subarray(info.at, info.at + 40)),
    state: info.state,
    unansweredProbes: info.unansweredProbes,
    retransmits: info.retransmits,
    backoff: info.backoff,
  }
}

function readDump() {
  const found = new Map()
  atOnce(
    socketDump(part, TCP_STATES.slice(1), (record) => {
      const { cookie, state, timer, timerMs, retries, txQueue, rxQueue, uid, inode, info } = record
      const local = [record.localAddress, record.localPort]
      const remote = [record.remoteAddress, record.remotePort]
      const words = info && Array.from(info.words.subarray(info.at, info.at + 40))
      found.set(cookie, {
        ...{ cookie, state, timer, timerMs, retries, txQueue, rxQueue, uid, inode, local, remote },
        ...{ info: words, keepaliveDelayMs: record.keepaliveDelayMs },
      })
    }),
  )
  return found
}

function readTable() {
  const found = new Map()
  const visitor = { wanted: () => true, visit: (socket) => found.set(socket.inode, socket) }
  atOnce(tcpTable(createProcFs(), 'self', visitor))
  return found
}

async function main() {
  await prepare()
  const descriptors = [...held.values()]
  const options = join(__dirname, 'options.py')
  const python = spawnSync('python3', [options, String(descriptors.length)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit', ...descriptors],
  })
  const getsockopt = JSON.parse(python.stdout)
  const [before, table, after] = [readDump(), readTable(), readDump()]
  const rows = [...held].map(([name, fd], index) => {
    const descriptor = fromDescriptor(fd)
    const { cookie } = descriptor
    const other = getsockopt[index]
    const line = table.get(other.inode)
    return {
      name,
      descriptor,
      getsockopt: other,
      before: before.get(cookie),
      line,
      after: after.get(cookie),
    }
  })
  console.log(JSON.stringify({ uid: process.getuid(), rows }))
  process.exit()
}

main()
