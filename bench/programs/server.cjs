'use strict'
// The other end of all connections of the bench, at every address of loopback: says its ports, and
// holds what is connected until standard input ends.
const { once } = require('node:events')
const { readFileSync } = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const { join } = require('node:path')
const tls = require('node:tls')
const { answerLines, say } = require('./lines.cjs')

const fixtures = join(__dirname, '../../test/fixtures')
const secret = {
  key: readFileSync(join(fixtures, 'tls.key')),
  cert: readFileSync(join(fixtures, 'tls.crt')),
}
const chunk = Buffer.alloc(65_536, 'x')

const servers = {
  net: net.createServer(hold),
  tls: tls.createServer(secret, hold),
  http: http.createServer({ keepAliveTimeout: 0 }, (_request, response) => response.end('answer')),
  stream: net.createServer(stream),
}

function hold(socket) {
  socket.on('error', () => {}).resume()
}

/** A client that writes a number gets so many bytes. */
function stream(socket) {
  let left = 0
  const send = () => {
    while (left > 0) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk
      left -= part.length
      if (!socket.write(part)) return
    }
  }
  socket.on('error', () => {}).on('drain', send)
  socket.on('data', (asked) => {
    left += Number(asked)
    send()
  })
}

async function main() {
  const ports = {}
  for (const [name, server] of Object.entries(servers)) {
    server.listen({ port: 0, host: '0.0.0.0', backlog: 4_096 })
    await once(server, 'listening')
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    ports[name] = port
  }
  answerLines(() => null)
  say(ports)
}

main()
