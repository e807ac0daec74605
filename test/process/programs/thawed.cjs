'use strict'
// A client whose pooled connection the server closes while the client is stopped. Each STEP that it
// reads makes it ready anew, and its first timer after it has stood still sends a request.
const http = require('node:http')

const port = Number(process.argv[2])
const agent = new http.Agent({ keepAlive: true })

function get() {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', agent }, (response) => {
      response.resume().on('end', resolve)
    })
    request.on('error', reject)
  })
}

function say(text) {
  process.stdout.write(`${text}\n`)
}

async function round() {
  await get()
  say('pooled')
  let last = performance.now()
  const timer = setInterval(async () => {
    const gap = performance.now() - last
    last = performance.now()
    if (gap < 1_600) return
    clearInterval(timer)
    await get().then(
      () => say('answered'),
      (error) => say(`failed ${error.code}`),
    )
    process.stdin.once('data', round)
  }, 20)
}

// Long enough for the watch of the hook to begin.
setTimeout(round, 1_000)
