'use strict'
// Opens two connections and installs the hook then. An unref'd one cannot be found from JavaScript.
const net = require('node:net')
const { once } = require('node:events')
const { join } = require('node:path')

async function main() {
  const port = Number(process.env.TARGET_PORT)
  const sockets = [net.connect(port, '127.0.0.1'), net.connect(port, '127.0.0.1')]
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  sockets[1].unref()
  require(join(__dirname, '..', '..', '..', 'dist', 'index.js')).install()
  console.log(sockets[0].localPort, sockets[1].localPort)
}

main()
