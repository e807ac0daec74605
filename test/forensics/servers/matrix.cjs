'use strict'
// One server of each kind. Each answers what comes first on a connection, and nothing after that. Prints
// the ports, and ends every connection when it is told on stdin: `fin` or `reset`.
const { createHash } = require('node:crypto')
const http = require('node:http')
const http2 = require('node:http2')
const https = require('node:https')
const net = require('node:net')
const tls = require('node:tls')
const { identity } = require('../../story/servers/listen.cjs')

const quiet = (emitter) => emitter.on('error', () => {})

function answer(request, response) {
  request.resume()
  quiet(response)
  if (request.url === '/warm') response.end('warm')
}

function http1(create) {
  const server = create(answer)
  // Five seconds by default: nothing but what a test says is to end a connection.
  return Object.assign(server, { keepAliveTimeout: 0, requestTimeout: 0 })
}

const insideTunnels = http1((listener) => http.createServer(listener))

/** A message of PostgreSQL's protocol. */
const message = (kind, body) =>
  Buffer.concat([Buffer.from(kind), Buffer.from([0, 0, 0, body.length + 4]), body])
const ready = message('Z', Buffer.from('I'))

function postgres(socket) {
  quiet(socket).once('data', () => {
    socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]))
    socket.once('data', () => {
      socket.write(Buffer.concat([message('C', Buffer.from('SELECT 0\0')), ready]))
      socket.resume()
    })
  })
}

/** A packet of MySQL's protocol. */
const packet = (sequence, body) => Buffer.concat([Buffer.from([body.length, 0, 0, sequence]), body])
const ok = Buffer.from([0, 0, 0, 2, 0, 0, 0])
const greeting = Buffer.concat([
  Buffer.from('\x0a8.0.0\0'),
  Buffer.from([1, 0, 0, 0]),
  Buffer.from('12345678\0'),
  // Long passwords, protocol 4.1, secure connections; then those of plugins.
  Buffer.from([0x01, 0x82, 0x21, 0x02, 0x00, 0x08, 0x00, 21]),
  Buffer.alloc(10),
  Buffer.from('123456789012\0mysql_native_password\0'),
])

function mysql(socket) {
  quiet(socket).write(packet(0, greeting))
  socket.once('data', () => {
    socket.write(packet(2, ok))
    socket.once('data', () => {
      socket.write(packet(1, ok))
      socket.resume()
    })
  })
}

/** Answers every command but the one that waits. */
function redis(socket) {
  quiet(socket).on('data', (chunk) => {
    const commands = String(chunk).match(/^\*\d+\r$/gm) ?? []
    if (!/blpop/i.test(String(chunk))) socket.write('+OK\r\n'.repeat(commands.length))
  })
}

function upgrade(request, socket) {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  quiet(socket).write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.resume()
}

const servers = {
  http: http1((listener) => http.createServer(listener)),
  https: http1((listener) => https.createServer(identity, listener)),
  http2: http2
    .createServer()
    .on('sessionError', () => {})
    .on('stream', (stream, headers) => {
      quiet(stream)
      if (headers[':path'] !== '/warm') return
      stream.respond({ ':status': 200 })
      stream.end('warm')
    }),
  fetch: http1((listener) => http.createServer(listener)),
  undici: http1((listener) => http.createServer(listener)),
  ws: http.createServer().on('upgrade', upgrade),
  pg: net.createServer(postgres),
  'pg+tls': net.createServer((socket) => {
    socket.once('data', () => {
      socket.write('S')
      postgres(new tls.TLSSocket(socket, { isServer: true, ...identity }))
    })
  }),
  mysql2: net.createServer(mysql),
  ioredis: net.createServer(redis),
  tunnel: http.createServer().on('connect', (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const inside = new tls.TLSSocket(quiet(socket), { isServer: true, ...identity })
    insideTunnels.emit('connection', quiet(inside))
  }),
}

const sockets = new Set()

async function main() {
  const ports = {}
  for (const [kind, server] of Object.entries(servers)) {
    server.on('connection', (socket) => sockets.add(quiet(socket)))
    server.on('secureConnection', quiet)
    await new Promise((resolve) => server.listen(0, process.argv[2], resolve))
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
