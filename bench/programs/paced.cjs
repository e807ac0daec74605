'use strict'
const { setTimeout: sleep } = require('node:timers/promises')

/** Begins `work` so many times, evenly so many times a second, and waits for all of it. */
async function paced({ count, perSecond }, work) {
  const running = []
  for (let i = 0; i < count; i++) {
    running.push(work())
    await sleep(1_000 / perSecond)
  }
  await Promise.all(running)
}

module.exports = { paced }
