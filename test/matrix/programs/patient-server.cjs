'use strict'

// Answers late, over plain TCP and https. Says on which ports.

const { readFileSync } = require('node:fs')
const { join } = require('node:path')

const host = process.argv[2]
const late = Number(process.env.ANSWER_MS)
const fixture = (name) => readFileSync(join(__dirname, '../../fixtures', name))

const net = require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', () => setTimeout(() => socket.write('answer'), late))
})
const https = require('node:https').createServer(
  { key: fixture('tls.key'), cert: fixture('tls.crt') },
  (request, response) =>
    setTimeout(() => response.end('answer'), request.url === '/late' ? late : 0),
)
https.on('clientError', () => {})
https.keepAliveTimeout = 600_000

net.listen(0, host, () => {
  https.listen(0, host, () => {
    console.log(JSON.stringify({ net: net.address().port, https: https.address().port }))
  })
})
