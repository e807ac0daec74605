'use strict'
// The peer ends the connection as QUESTION says: `reset MS`, `end MS`, or it is killed meanwhile.
const { once } = require('node:events')
const net = require('node:net')
const { goOn, observe, see, target } = require('./observe.cjs')

async function main() {
  const socket = observe('socket', net.connect(target))
  await once(socket, 'connect')
  socket.write(process.env.QUESTION)
  await once(socket, 'data')
  see('idle')
  await new Promise((resolve) => socket.on('close', resolve))
  await goOn()
}

main()
