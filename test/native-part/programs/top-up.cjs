'use strict'
// top-up.cjs HOST: connections that are silent, and what becomes of them with and without more calls
// of setKeepalive(). Prints `ready` once it would like the path to be cut, and what it saw as JSON
// when they have ended.
const { once } = require('node:events')
const net = require('node:net')
const { join } = require('node:path')

const kernel = join(__dirname, '../../../dist/kernel')
const { LEAVE, loadNative } = require(`${kernel}/native.js`)
const { SocketFacts } = require(`${kernel}/socket-facts.js`)
const native = loadNative()
if (!native.known) throw new Error(native.why)
const part = native.value

const IDLE_S = 2
const INTERVAL_S = 2
const PROBES = 3
const schedule = [1, IDLE_S, INTERVAL_S, PROBES, 0]

const arm = (fd) => part.setKeepalive(fd, ...schedule)
const afterCut = { cut: false }

/** What is done to each connection, twenty times a second. */
const ways = {
  'left alone': () => {},
  'topped up': arm,
  'topped up in part': (fd) => part.setKeepalive(fd, 1, LEAVE, INTERVAL_S, PROBES, LEAVE),
  'more probes': (fd) => afterCut.cut && part.setKeepalive(fd, 1, LEAVE, LEAVE, PROBES + 2, LEAVE),
  // What Node does at each call, and we must not: TCP_KEEPIDLE written again.
  'set again': (fd, handle) => {
    handle.setKeepAlive(true, IDLE_S)
    part.setKeepalive(fd, 1, LEAVE, INTERVAL_S, PROBES, LEAVE)
  },
}

async function open(name) {
  const socket = net.connect(9000, process.argv[2])
  await once(socket, 'connect')
  const handle = socket._handle
  const seen = {
    name,
    error: null,
    answered: 0,
    cutAt: 0,
    lastAnswerAt: 0,
    segmentsOut: 0,
    endedAt: 0,
  }
  socket.on('error', (error) => {
    seen.error = error.code
  })
  return { name, socket, handle, fd: handle.fd, seen, facts: new SocketFacts() }
}

/** The answers to probes, and the segments, that a connection had so far. */
function look({ facts, fd, seen }) {
  if (facts.read(part, fd) !== 0) return
  const at = process.uptime() * 1_000
  const { lastAckReceivedMs, lastDataReceivedMs, segmentsOut } = facts.info
  const answerAt = at - lastAckReceivedMs
  if (answerAt > seen.lastAnswerAt + 500) seen.answered++
  if (answerAt > seen.lastAnswerAt) seen.lastAnswerAt = answerAt
  Object.assign(seen, { segmentsOut, lastDataReceivedMs })
}

/** Keepalive that comes late, to a connection that has been silent for longer than its delay. */
async function switchOnLate() {
  const late = await open('late')
  await new Promise((done) => setTimeout(done, 6_000))
  part.setKeepalive(late.fd, 1, 5, 60, 3, LEAVE)
  const begun = process.uptime()
  const { info } = late.facts
  do {
    await new Promise((done) => setTimeout(done, 20))
    late.facts.read(part, late.fd)
  } while (info.lastAckReceivedMs > 5_000 && info.lastDataReceivedMs < 20_000)
  const answeredAfterMs = (process.uptime() - begun) * 1_000
  const silenceMs = info.lastDataReceivedMs
  late.socket.destroy()
  return { answeredAfterMs, silenceMs }
}

async function main() {
  const late = switchOnLate()
  const all = []
  for (const name of Object.keys(ways)) all.push(await open(name))
  for (const { fd } of all) arm(fd)
  const ended = all.map(async (one) => {
    const timer = setInterval(() => {
      ways[one.name](one.fd, one.handle)
      look(one)
    }, 50)
    await new Promise((done) => one.socket.on('close', done))
    clearInterval(timer)
    one.seen.endedAt = process.uptime() * 1_000
  })
  const switchedOn = await late
  const before = all.map(({ seen }) => ({ ...seen }))
  process.stdin.once('data', () => {
    afterCut.cut = true
  })
  console.log('ready')
  await Promise.all(ended)
  const after = all.map(({ seen }) => seen)
  console.log(JSON.stringify({ switchedOn, before, after }))
  process.exit()
}

main()
