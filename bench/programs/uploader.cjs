'use strict'
// Uploads 4 MiB so many times a second: {port, count, perSecond} -> null, when all are answered.
const http = require('node:http')
const { answerLines } = require('./lines.cjs')
const { paced } = require('./paced.cjs')

const body = Buffer.alloc(4 * 2 ** 20, 'a')
const agent = new http.Agent({ keepAlive: true })

function upload(port) {
  return new Promise((done, fail) => {
    const options = { port, host: '127.0.0.1', method: 'POST', agent }
    const request = http.request(options, (response) => response.resume().on('end', done))
    request.on('error', fail).end(body)
  })
}

answerLines(async ({ port, count, perSecond }) => {
  await paced({ count, perSecond }, () => upload(port))
  return null
})
