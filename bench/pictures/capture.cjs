'use strict'
const { once } = require('node:events')
const os = require('node:os')
const { createInterface } = require('node:readline')
const { setTimeout: sleep } = require('node:timers/promises')
const { startClient, startService } = require('../../dist/demo/program.js')
const { createLab } = require('../../dist/lab/lab.js')
const { packetsOf } = require('./packets.cjs')
const { readPcap } = require('./read-pcap.cjs')

const LOOK_EVERY_MS = 50

// 8 s stand for the 350 s of the AWS NAT Gateway, so the delay of 45 s becomes 1 s.
const LIMIT_SECONDS = 8
const STANDS_FOR_SECONDS = 350
const DELAY_SECONDS = 1
const scaled = (seconds) => (seconds * LIMIT_SECONDS) / STANDS_FOR_SECONDS
const ANSWER_AFTER_MS = Math.round(scaled(600) * 1_000)
const GIVE_UP_MS = Math.round(scaled(860) * 1_000)

/**
 * Two programs wait for a late answer behind one NAT, without the hook and with it, while tcpdump
 * listens on both sides of the NAT and its table is read.
 */
async function capture(signal) {
  const lab = await createLab({ limitSeconds: LIMIT_SECONDS, expiry: 'reset' })
  const stop = () => lab.close()
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    return await captureIn(lab)
  } finally {
    signal.removeEventListener('abort', stop)
    await lab.close()
  }
}

async function captureIn(lab) {
  const wires = { inside: await listen(lab, 'c1'), outside: await listen(lab, 's1') }
  const service = await startService(
    (argv, options) => lab.spawn('server', argv, options),
    lab.serverAddress,
    ANSWER_AFTER_MS,
  )
  const [without, withHook] = await Promise.all([
    follow(lab, service, '/without', false),
    follow(lab, service, '/with', true),
  ])
  const segments = Object.fromEntries(
    await Promise.all(
      Object.entries(wires).map(async ([side, wire]) => [side, [...readPcap(await wire.end())]]),
    ),
  )
  return {
    takenOn: new Date().toISOString().slice(0, 10),
    node: process.version,
    kernel: os.release(),
    limitSeconds: LIMIT_SECONDS,
    standsForSeconds: STANDS_FOR_SECONDS,
    delaySeconds: DELAY_SECONDS,
    without: timesFromRequest(without, segments),
    with: timesFromRequest(withHook, segments),
  }
}

async function listen(lab, link) {
  const argv = ['tcpdump', '-i', link, '-n', '-s', '96', '-U', '-Z', 'root', '-w', '-', 'tcp']
  const tcpdump = lab.spawn('nat', argv, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks = []
  tcpdump.stdout.on('data', (chunk) => chunks.push(chunk))
  const closed = once(tcpdump, 'close')
  const lines = createInterface({ input: tcpdump.stderr })
  const [said] = await Promise.race([once(lines, 'line'), closed])
  if (!String(said).includes('listening')) throw new Error(`There is no capture: ${said}`)
  return {
    async end() {
      // Packets reach it in blocks.
      await sleep(1_500)
      tcpdump.kill('SIGINT')
      await closed
      return Buffer.concat(chunks)
    },
  }
}

async function follow(lab, service, path, withHook) {
  const client = startClient((argv, options) => lab.spawn('client', argv, options), service, {
    path,
    withHook,
    giveUpMs: GIVE_UP_MS,
    env: {
      NAT_KEEPALIVE_LIMIT: `${LIMIT_SECONDS}s`,
      NAT_KEEPALIVE_DELAY: `${DELAY_SECONDS}s`,
      NAT_KEEPALIVE_AUDIT: 'off',
    },
  })
  const { localPort } = await client.hears('asked')
  const ended = client.hears('outcome')
  const countdown = await watchCountdown(lab, localPort, ended)
  const { outcome } = await ended
  return { localPort, outcome, countdown }
}

/** What the NAT gives the connection to live, whenever that changes; null where it knows it no more. */
async function watchCountdown(lab, port, ended) {
  const countdown = []
  let over = false
  const end = () => {
    over = true
  }
  ended.then(end, end)
  while (!over) {
    const at = Date.now() / 1_000
    const flow = (await lab.flows()).find((one) => one.includes(` sport=${port} `))
    const seconds = flow === undefined ? null : Number(/ (\d+) [A-Z_]+ /.exec(flow)?.[1])
    if (countdown.length === 0 || countdown.at(-1)?.seconds !== seconds) {
      countdown.push({ at, seconds })
    }
    await sleep(LOOK_EVERY_MS)
  }
  return countdown
}

/** Seconds from the moment when the request went out: the last data before the long wait. */
function timesFromRequest({ localPort, outcome, countdown }, segments) {
  const packets = packetsOf(segments, localPort)
  const firstAnswer = packets[0].at + ANSWER_AFTER_MS / 2_000
  const request = packets.findLast(
    ({ from, what, at }) => from === 'client' && what === 'data' && at < firstAnswer,
  )
  const since = (at) => (at === null ? null : Number((at - request.at).toFixed(4)))
  return {
    outcome,
    packets: packets.map(({ at, inside, outside, ...packet }) => ({
      ...packet,
      inside: since(inside),
      outside: since(outside),
    })),
    countdown: countdown.map(({ at, seconds }) => ({ at: since(at), seconds })),
  }
}

module.exports = { capture }
