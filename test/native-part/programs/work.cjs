'use strict'
// Does with the native part all that it can do, to a connection of its own, and prints what came of
// it as JSON: in a worker too where the argument `worker` is given.
const { closeSync } = require('node:fs')
const net = require('node:net')
const { isMainThread, Worker } = require('node:worker_threads')

const kernel = `${__dirname}/../../../dist/kernel`
const { errorName, LEAVE, loadNative } = require(`${kernel}/native.js`)
const { SocketFacts } = require(`${kernel}/socket-facts.js`)
const { OWNED_STATES, socketDump } = require(`${kernel}/socket-dump.js`)
const { atOnce } = require(`${kernel}/../process/steps.js`)

function look(part, fd) {
  const facts = new SocketFacts()
  const result = facts.read(part, fd)
  if (result < 0) return errorName(result)
  const { keepalive, idleSeconds, intervalSeconds, probes, userTimeoutMs } = facts
  return [keepalive, idleSeconds, intervalSeconds, probes, userTimeoutMs].join()
}

function identify(part, fd) {
  const facts = new SocketFacts()
  facts.read(part, fd)
  const { localPort, remotePort, localAddress, remoteAddress, cookie, info } = facts
  return { localPort, remotePort, localAddress, remoteAddress, cookie, state: info.state }
}

function findInDump(part, localPort) {
  let found
  const dump = atOnce(
    socketDump(part, OWNED_STATES, (record) => {
      if (record.localPort !== localPort || record.state === 'listen') return
      const { remotePort, localAddress, remoteAddress, cookie, state, timer } = record
      found = { localPort, remotePort, localAddress, remoteAddress, cookie, state, timer }
    }),
  )
  return dump.known ? found : dump.why
}

function takeOwn(part, fd) {
  const self = part.openProcess(process.pid)
  if (self < 0) return errorName(self)
  const taken = part.takeDescriptor(self, fd)
  closeSync(self)
  if (taken < 0) return errorName(taken)
  const same = identify(part, taken).cookie === identify(part, fd).cookie
  closeSync(taken)
  return same
}

function work(client, server) {
  const loaded = loadNative()
  if (!loaded.known) return { loaded: loaded.why }
  const part = loaded.value
  const { fd } = client._handle
  const seen = { loaded: true, fresh: look(part, fd) }
  seen.set = part.setKeepalive(fd, 1, 45, 15, 24, 90_000)
  seen.armed = look(part, fd)
  seen.kept = part.setKeepalive(fd, 1, LEAVE, LEAVE, 9, LEAVE)
  seen.after = look(part, fd)
  seen.self = identify(part, fd)
  seen.dump = findInDump(part, seen.self.localPort)
  seen.off = part.setKeepalive(fd, 0, LEAVE, LEAVE, LEAVE, 0)
  seen.disarmed = look(part, fd)
  // A worker of Node warns of a descriptor that it closes and has not opened.
  if (isMainThread) seen.taken = takeOwn(part, fd)
  seen.listening = identify(part, server._handle.fd).state
  const words = new Uint32Array(64)
  seen.refused = [
    part.readSocket(fd, new Uint32Array(63)),
    part.readSocket(4_000_000, words),
    part.setKeepalive(fd, 1, 0, 15, 4, 0),
    part.openDump(3, 1),
    part.receiveDump(fd, new Uint8Array(8192)),
    part.closeDump(fd),
    part.takeDescriptor(fd, 0),
  ].map(errorName)
  return seen
}

const server = net.createServer().listen(0, '127.0.0.1', () => {
  const client = net.connect(server.address().port, '127.0.0.1', async () => {
    console.log(JSON.stringify(work(client, server)))
    if (isMainThread && process.argv[2] === 'worker') {
      await new Promise((done) => new Worker(__filename).on('exit', done))
      console.log(JSON.stringify(work(client, server)))
    }
    client.destroy()
    server.close()
  })
  server.on('connection', (socket) => socket.resume())
})
