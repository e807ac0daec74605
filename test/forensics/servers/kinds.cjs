'use strict'
// One server of each kind, on loopback. Prints their ports, and ends every connection when it is told on
// stdin: `reset`, or `fin` (without a word of TLS or HTTP/2, as something on the path does it).
const { readFileSync } = require('node:fs')
const http = require('node:http')
const http2 = require('node:http2')
const https = require('node:https')
const net = require('node:net')
const { join } = require('node:path')
const tls = require('node:tls')

const fixtures = join(__dirname, '..', '..', 'fixtures')
const key = readFileSync(join(fixtures, 'tls.key'))
const cert = readFileSync(join(fixtures, 'tls.crt'))
const quiet = (emitter) => emitter.on('error', () => {})
const never = (request) => request.resume()

const web = https.createServer({ key, cert }, never)

/** A message of PostgreSQL's protocol. */
const message = (kind, body) =>
  Buffer.concat([Buffer.from(kind), Buffer.from([0, 0, 0, body.length + 4]), body])

const servers = {
  http: http.createServer(never),
  https: web,
  fetch: http.createServer(never),
  http2: http2
    .createServer()
    .on('stream', quiet)
    .on('sessionError', () => {}),
  h2s: http2
    .createSecureServer({ key, cert })
    .on('stream', quiet)
    .on('sessionError', () => {}),
  tunnel: http.createServer().on('connect', (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    quiet(new tls.TLSSocket(quiet(socket), { isServer: true, key, cert })).resume()
  }),
  ws: http.createServer().on('upgrade', (_, socket) => {
    quiet(socket).write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    )
    socket.resume()
  }),
  pg: net.createServer((socket) => {
    socket.once('data', () => {
      socket.write('S')
      const secure = quiet(new tls.TLSSocket(socket, { isServer: true, key, cert }))
      secure.once('data', () => {
        secure.write(Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))]))
      })
    })
  }),
  // Answers the first question only.
  db: net.createServer((socket) => {
    socket.once('data', () => socket.write('row')).resume()
  }),
}

const sockets = new Set()

async function main() {
  const ports = {}
  for (const [kind, server] of Object.entries(servers)) {
    server.on('connection', (socket) => sockets.add(quiet(socket)))
    server.on('secureConnection', quiet)
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports[kind] = server.address().port
  }
  console.log(JSON.stringify(ports))
}

process.stdin.on('data', (how) => {
  for (const socket of sockets) {
    if (String(how).startsWith('reset')) socket.resetAndDestroy()
    else socket.end()
  }
})
process.stdin.on('end', () => process.exit())
main()
