'use strict'
// Is idle once, and writes on all the time after that, until the peer ends the connection.
const { once } = require('node:events')
const net = require('node:net')
const { goOn, idleMs, observe, see, sleep, target } = require('./observe.cjs')

async function main() {
  const socket = observe('socket', net.connect(target))
  await once(socket, 'connect')
  socket.write(process.env.QUESTION)
  await once(socket, 'data')
  await sleep(idleMs)
  see('writes')
  const writing = setInterval(() => socket.write('again'), 200)
  await new Promise((resolve) => socket.on('close', resolve))
  clearInterval(writing)
  await goOn()
}

main()
