'use strict'
// Connects and closes many times over, and says the heap after a tenth of that and at the end.
const { once } = require('node:events')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const { answerLines } = require('./lines.cjs')

const AT_ONCE = 50

async function churn({ port, count }) {
  const early = await heapAfter(port, Math.round(count / 10))
  const late = await heapAfter(port, count - Math.round(count / 10))
  return { early, late }
}

async function heapAfter(port, count) {
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      const socket = net.connect(port, '127.0.0.1')
      await once(socket, 'connect')
      // A reset leaves no port behind in TIME_WAIT.
      socket.resetAndDestroy()
      await once(socket, 'close')
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  await sleep(1_500)
  const gc = /** @type {() => void} */ (global.gc)
  for (let i = 0; i < 4; i++) gc()
  return process.memoryUsage().heapUsed
}

answerLines(churn)
