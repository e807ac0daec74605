'use strict'
// Connects in a few ways and prints, as one line of JSON, what report() says of each connection
// next to what the kernel has on it.
const https = require('node:https')
const net = require('node:net')
const path = require('node:path')
const tls = require('node:tls')
const { once } = require('node:events')
const { optionsTo } = require('../../fixtures/kernel-options.cjs')
const { serve, ca } = require('../../fixtures/servers.cjs')
const { report } = require(path.resolve(__dirname, '..', '..', '..', 'dist', 'index.js'))

const host = '127.0.0.1'
const agent = new https.Agent({ keepAlive: true })
const ways = {
  net: { kind: 'net', connect: (port) => once(net.connect(port, host), 'connect') },
  'net, 5 s before connect': {
    kind: 'net',
    connect: (port) =>
      once(new net.Socket().setKeepAlive(true, 5_000).connect(port, host), 'connect'),
  },
  'net, 5 s': {
    kind: 'net',
    connect: async (port) => {
      const socket = net.connect(port, host)
      await once(socket, 'connect')
      socket.setKeepAlive(true, 5_000)
    },
  },
  'net, off': {
    kind: 'net',
    connect: async (port) => {
      const socket = net.connect(port, host)
      await once(socket, 'connect')
      socket.setKeepAlive(false)
    },
  },
  'net, four arguments': {
    kind: 'net',
    connect: async (port) => {
      const socket = net.connect(port, host)
      await once(socket, 'connect')
      socket.setKeepAlive(true, 9_000, 2_000, 3)
    },
  },
  tls: {
    kind: 'tls',
    connect: (port) => once(tls.connect({ port, host, ca }), 'secureConnect'),
  },
  'https, pooled': {
    kind: 'https',
    connect: async (port, server) => {
      const sent = https.get({ host, port, agent, ca })
      const response = once(sent, 'response')
      await server.arrived()
      server.answer()
      const [answer] = await response
      answer.resume()
      await once(answer, 'end')
    },
  },
}

async function main() {
  const seen = []
  for (const [way, { kind, connect }] of Object.entries(ways)) {
    const server = await serve(kind)
    await connect(server.port, server)
    // Data on its way hides keepalive from the table that the report reads.
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { sockets, foreign } = report()
    const told = sockets
      .filter(({ remote }) => remote.port === server.port)
      .map(({ verdict, applied, kernel }) => ({ verdict, applied, armed: kernel.armed }))
    const options = optionsTo(server.port)
    seen.push({ way, told, options, foreign })
  }
  process.stdout.write(`${JSON.stringify(seen)}\n`)
  process.exit()
}

main()
