'use strict'
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const ports = require('./ports.cjs')

const WORKERS = 4
const PAUSE_MS = 40
const ANSWER_WITHIN_MS = 10_000

// Every way in which a connection leaves a program has to leave the registry too.
const endings = [
  (socket) => socket.end(),
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
]

/** Opens and closes short connections, and makes requests on pooled ones, until it is stopped. */
function startChurn(address) {
  const counts = { short: 0, requests: 0, failed: 0 }
  const agent = new http.Agent({ keepAlive: true, maxSockets: WORKERS })
  let running = true

  async function work(act) {
    while (running) {
      try {
        await act()
      } catch {
        counts.failed++
      }
      await sleep(PAUSE_MS)
    }
  }

  async function short() {
    const socket = net.connect(ports.churn, address)
    giveUp(socket)
    socket.write('x')
    await once(socket, 'data')
    const closed = once(socket, 'close')
    endings[counts.short % endings.length](socket)
    await closed
    counts.short++
  }

  async function request() {
    const sent = http.get({ host: address, port: ports.http, agent })
    giveUp(sent)
    const [response] = await once(sent, 'response')
    await once(response.resume(), 'end')
    counts.requests++
  }

  function giveUp(waiting) {
    waiting.setTimeout(ANSWER_WITHIN_MS, () => waiting.destroy(new Error('There is no answer.')))
  }

  const workers = Array.from({ length: WORKERS }, () => [work(short), work(request)]).flat()
  return {
    async stop() {
      running = false
      await Promise.all(workers)
      agent.destroy()
      return counts
    },
  }
}

module.exports = { startChurn }
