'use strict'
// Six connections stay idle together, and are used again one after the other.
const { once } = require('node:events')
const net = require('node:net')
const { goOn, idleMs, observe, sleep, target } = require('./observe.cjs')

async function main() {
  const sockets = Array.from({ length: 6 }, () => observe('socket', net.connect(target)))
  for (const socket of sockets) {
    socket.write(process.env.QUESTION)
    await once(socket, 'data')
  }
  await sleep(idleMs)
  for (const socket of sockets) {
    socket.write('again')
    await sleep(85)
  }
  await goOn()
}

main()
