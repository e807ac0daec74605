'use strict'
// CONNECTIONS of them are used, stay idle together, and are used again at the same moment.
const { once } = require('node:events')
const net = require('node:net')
const { goOn, idleMs, observe, see, sleep, target } = require('./observe.cjs')

const count = Number(process.env.CONNECTIONS ?? 1)

async function main() {
  const sockets = Array.from({ length: count }, () => observe('socket', net.connect(target)))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  for (const socket of sockets) {
    socket.write('0')
    await once(socket, 'data')
  }
  await sleep(idleMs)
  see('asks')
  for (const socket of sockets) socket.write('0')
  // What comes back meanwhile is seen in one turn of the event loop, as in a busy program.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  await Promise.all(sockets.map((socket) => new Promise((done) => socket.on('close', done))))
  await goOn()
}

main()
