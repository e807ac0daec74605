'use strict'
// Connections of JavaScript in both directions, of every kind that has a handle of its own.
const fs = require('node:fs')
const http = require('node:http')
const http2 = require('node:http2')
const https = require('node:https')
const net = require('node:net')
const { join } = require('node:path')
const tls = require('node:tls')
const { once } = require('node:events')

const fixtures = join(__dirname, '..', '..', 'fixtures')
const identity = {
  key: fs.readFileSync(join(fixtures, 'tls.key')),
  cert: fs.readFileSync(join(fixtures, 'tls.crt')),
}
const insecure = { host: '127.0.0.1', rejectUnauthorized: false }

const servers = {
  net: net.createServer((socket) => socket.on('error', () => {})),
  tls: tls.createServer(identity, (socket) => socket.on('error', () => {})),
  http: http.createServer((_request, response) => response.end('answer')),
  https: https.createServer(identity, (_request, response) => response.end('answer')),
  http2: http2.createSecureServer(identity, (_request, response) => response.end('answer')),
  h2c: http2.createServer((_request, response) => response.end('answer')),
}

async function main() {
  const ports = {}
  for (const [name, server] of Object.entries(servers)) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ports[name] = server.address().port
  }
  await once(net.connect(ports.net, '127.0.0.1'), 'connect')
  await once(tls.connect({ ...insecure, port: ports.tls }), 'secureConnect')
  for (const [name, module] of Object.entries({ http, https })) {
    const agent = new module.Agent({ keepAlive: true })
    const [response] = await once(module.get({ ...insecure, port: ports[name], agent }), 'response')
    await once(response.resume(), 'end')
  }
  await (await fetch(`http://127.0.0.1:${ports.http}`)).text()
  for (const origin of [`https://127.0.0.1:${ports.http2}`, `http://127.0.0.1:${ports.h2c}`]) {
    const stream = http2.connect(origin, insecure).request({ ':path': '/' })
    await once(stream.resume(), 'end')
  }
  // Nobody listens on this port any more, but what came in through it is still inbound.
  if (process.env.CLOSE_LISTENERS) for (const server of Object.values(servers)) server.close()
  await new Promise((resolve) => setTimeout(resolve, 200))
  console.log('open')
}

main()
