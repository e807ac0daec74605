'use strict'
const { writeSync } = require('node:fs')
const { PerformanceObserver } = require('node:perf_hooks')

// Counts connections in every library alike, without touching a socket or its prototype.
let connections = 0
const observer = new PerformanceObserver((list) => count(list.getEntries()))
observer.observe({ entryTypes: ['net'] })

/**
 * Runs one case and prints one line of JSON about it.
 *
 * `open` gets the target and returns `ask(waitMs)`, which resolves to the local port the question went
 * out on, once its answer, which takes the server so many milliseconds, is there.
 */
exports.tell = async (open) => {
  const { TARGET_HOST: host, TARGET_PORT: port, MODE } = process.env
  const waitMs = Number(process.env.WAIT_MS)
  const ask = await open({ host, port: Number(port), origin: `https://${host}:${port}` })

  if (MODE === 'waiting') {
    finish({ ...(await attempt(() => ask(waitMs))), reused: null })
  }
  const first = await attempt(() => ask(0))
  if (first.outcome !== 'answered') {
    // Not the finding of a pooled case: nothing had been idle yet.
    finish({ ...first, outcome: 'error', code: `FIRST_REQUEST_${first.code ?? first.outcome}` })
  }
  await sleep(Number(process.env.IDLE_MS))
  const before = connectionCount()
  const second = await attempt(() => ask(0))
  const stayed = second.outcome !== 'answered' || second.localPort === first.localPort
  finish({ ...second, reused: stayed && connectionCount() === before })
}

async function attempt(ask) {
  const startedAt = performance.now()
  const giveUp = sleep(Number(process.env.GIVE_UP_MS)).then(() => ({ outcome: 'hung' }))
  const answered = ask().then(
    (localPort) => ({ outcome: 'answered', localPort }),
    (error) => ({ outcome: 'error', code: error.code ?? error.name, message: error.message }),
  )
  const end = await Promise.race([answered, giveUp])
  const ms = Math.round(performance.now() - startedAt)
  return { code: null, localPort: null, ...end, ms }
}

function finish(result) {
  connectionCount()
  // Synchronous, so that process.exit() cannot cut it off.
  writeSync(1, `${JSON.stringify({ ...result, connections })}\n`)
  process.exit(0)
}

function connectionCount() {
  count(observer.takeRecords())
  return connections
}

function count(entries) {
  connections += entries.filter((entry) => entry.name === 'connect').length
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
