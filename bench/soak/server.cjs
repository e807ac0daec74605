'use strict'
// The far side of the soak: node server.cjs ADDRESS. Serves until it is killed.
const http = require('node:http')
const net = require('node:net')
const ports = require('./ports.cjs')

const [address] = process.argv.slice(2)

function echo(socket) {
  socket.on('error', () => {}).pipe(socket)
}

/** @type {[net.Server, number][]} */
const servers = [
  [net.createServer(echo), ports.held],
  [net.createServer(echo), ports.churn],
  [http.createServer((_, response) => response.end('ok')), ports.http],
]
let listening = 0
for (const [server, port] of servers) {
  server.listen({ port, host: address, backlog: 4_096 }, () => {
    listening++
    if (listening === servers.length) console.log('{"said":"listening"}')
  })
}
