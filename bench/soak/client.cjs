'use strict'
// The near side of the soak: node --expose-gc client.cjs ADDRESS COUNT AUDIT_MS. Holds so many idle
// connections, with churn beside them; at a line on stdin it proves each of them alive or dead.
const { once } = require('node:events')
const { readdirSync } = require('node:fs')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const { startChurn } = require('./churn.cjs')
const ports = require('./ports.cjs')

const ANSWER_WITHIN_MS = 15_000
const [address, count, auditMs] = process.argv.slice(2)
const hooked = globalThis[Symbol.for('nat-keepalive.1')] !== undefined

main().catch((error) => {
  console.error(error)
  // Its connections would hold the process.
  process.exit(1)
})

async function main() {
  // The second time finds every module loaded and every table grown.
  const warm = await hold(Number(count))
  await startChurn(address).stop()
  report()
  close(warm)
  const before = await measure()

  const sockets = await hold(Number(count))
  const churn = startChurn(address)
  say({ said: 'open' })
  await once(process.stdin, 'data')

  const churned = await churn.stop()
  await sleep(500)
  const tracked = report()
  const fates = await prove(sockets)
  close(sockets)
  const after = await measure()
  say({ said: 'proved', fates, churn: churned, tracked, before, after })
  process.exit()
}

async function hold(number) {
  const sockets = []
  while (sockets.length < number) {
    const batch = Array.from({ length: Math.min(100, number - sockets.length) }, async () => {
      const socket = net.connect(ports.held, address)
      await once(socket, 'connect')
      return socket.on('error', () => {})
    })
    sockets.push(...(await Promise.all(batch)))
  }
  return sockets
}

function close(sockets) {
  // A reset leaves no port behind in TIME_WAIT, for which the next connections would have to look.
  for (const socket of sockets) socket.resetAndDestroy()
  sockets.length = 0
}

/**
 * Sends a byte on each connection and counts what comes back: the byte, a reset, or nothing. Those
 * that are closed already were lost before.
 */
async function prove(sockets) {
  const fates = { alive: 0, reset: 0, silent: 0, lost: 0, other: 0 }
  await Promise.all(
    sockets.map(async (socket, index) => {
      fates[await fateOf(socket, index % 256)]++
    }),
  )
  return fates
}

function fateOf(socket, byte) {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve('lost')
    socket.once('error', ({ code }) => resolve(code === 'ECONNRESET' ? 'reset' : 'other'))
    socket.once('close', () => resolve('other'))
    socket.once('data', (data) => {
      resolve(data.length === 1 && data[0] === byte ? 'alive' : 'other')
    })
    socket.setTimeout(ANSWER_WITHIN_MS, () => resolve('silent'))
    socket.write(Buffer.of(byte))
  })
}

/** What the hook knows of: null where there is none. */
function report() {
  if (!hooked) return null
  const verdicts = {}
  for (const { verdict } of require('../../dist/index.js').report().sockets) {
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
  }
  return verdicts
}

/** What the process holds, once all that was closed has gone. */
async function measure() {
  // The registry lets go of closed connections when the auditor next looks.
  await sleep(Number(auditMs) + 1_000)
  const tracked = report()
  const gc = /** @type {() => void} */ (global.gc)
  for (let i = 0; i < 4; i++) {
    gc()
    await sleep(50)
  }
  return {
    heapBytes: process.memoryUsage().heapUsed,
    descriptors: readdirSync('/proc/self/fd').length,
    tracked,
  }
}

function say(message) {
  console.log(JSON.stringify(message))
}
