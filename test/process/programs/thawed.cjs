'use strict'
// A client whose pooled connection the server closes while the client is stopped: a timer that is due
// meanwhile sends a request, and says how late it was. Whatever it reads begins another round.
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
  const due = performance.now() + 1_500
  setTimeout(async () => {
    const lateMs = Math.round(performance.now() - due)
    await get().then(
      () => say(`${lateMs} answered`),
      (error) => say(`${lateMs} failed ${error.code}`),
    )
    process.stdin.once('data', round)
  }, 1_500)
}

// Long enough for the watch of the hook to begin.
setTimeout(round, 1_000)
