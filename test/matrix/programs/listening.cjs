'use strict'
// Connects over TCP and over TLS, prints the port of each server, and stays until it is killed.
const net = require('node:net')
const tls = require('node:tls')
const { once } = require('node:events')
const { serve, ca } = require('../../fixtures/servers.cjs')

async function main() {
  const plain = await serve('net')
  const secure = await serve('tls')
  await once(net.connect(plain.port, '127.0.0.1'), 'connect')
  await once(tls.connect({ port: secure.port, host: '127.0.0.1', ca }), 'secureConnect')
  process.stdout.write(`${plain.port} ${secure.port}\n`)
}

main()
