'use strict'
// One port for all that clients of the web speak: HTTP/1.1, HTTP/2 and gRPC, with TLS and without, and
// a proxy for both. It answers everything late, except a GET of / : who it is.
const { readFileSync } = require('node:fs')
const http = require('node:http')
const http2 = require('node:http2')
const net = require('node:net')
const tls = require('node:tls')
const { WAIT_SECONDS } = require('../wait-seconds.cjs')

const [key, cert] = process.argv.slice(2).map((path) => readFileSync(path))

function answer(request, response) {
  request.resume()
  const send = () => {
    if (request.headers['content-type']?.startsWith('application/grpc')) endGrpc(response)
    else endHttp(request, response)
  }
  if (request.method === 'GET' && request.url === '/') send()
  else setTimeout(send, WAIT_SECONDS * 1_000)
}

const S3_LIST = '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult></ListBucketResult>'

/** What Elasticsearch says of itself, for clients that ask before they trust it; others do not mind. */
const SELF = {
  ok: true,
  version: { number: '7.17.0', build_flavor: 'default' },
  tagline: 'You Know, for Search',
}

function endHttp({ url }, response) {
  const [type, body] = url.includes('list-type=2')
    ? ['application/xml', S3_LIST]
    : ['application/json', JSON.stringify(SELF)]
  response.writeHead(200, {
    'content-type': type,
    'content-length': body.length,
    'x-elastic-product': 'Elasticsearch',
  })
  response.end(body)
}

/** An empty message, and the status OK. */
function endGrpc(response) {
  response.writeHead(200, { 'content-type': 'application/grpc' })
  response.addTrailers({ 'grpc-status': '0' })
  response.end(Buffer.alloc(5))
}

const http1 = http.createServer(answer)
// Five seconds by default: it would close what is looked at in a pool.
http1.keepAliveTimeout = 0
http1.requestTimeout = 0
http1.on('connect', (_request, socket) => {
  socket.write('HTTP/1.1 200 OK\r\n\r\n')
  accept(socket)
})
const h2 = http2.createServer(answer)
h2.on('sessionError', () => {})
// A client may leave as it likes.
h2.on('stream', (stream) => stream.on('error', () => {}))
const secure = tls.createServer({ key, cert, ALPNProtocols: ['h2', 'http/1.1'] }, accept)
secure.on('tlsClientError', () => {})

const HANDSHAKE = 22

function accept(socket) {
  socket.on('error', () => {})
  socket.once('readable', () => {
    const start = socket.read()
    if (start === null) return
    socket.unshift(start)
    const server =
      start[0] === HANDSHAKE ? secure : start.toString('latin1', 0, 3) === 'PRI' ? h2 : http1
    server.emit('connection', socket)
  })
}

const server = net.createServer(accept).listen(0, '0.0.0.0', () => {
  const { port } = server.address()
  console.log(JSON.stringify({ plain: port, tls: port }))
})
