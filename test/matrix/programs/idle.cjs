'use strict'
// Leaves a connection over TCP and one over TLS idle for two seconds and ends.
const net = require('node:net')
const tls = require('node:tls')
const { serve, ca } = require('../../fixtures/servers.cjs')

async function main() {
  net.connect((await serve('net')).port, '127.0.0.1')
  tls.connect({ port: (await serve('tls')).port, host: '127.0.0.1', ca })
  setTimeout(() => process.exit(), 2_000)
}

main()
