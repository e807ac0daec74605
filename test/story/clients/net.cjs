'use strict'
const { once } = require('node:events')
const net = require('node:net')
const { tell } = require('./outcome.cjs')

tell(async ({ host, port }) => {
  const socket = net.connect({ host, port })
  await once(socket, 'connect')
  return async (waitMs) => {
    socket.write(String(waitMs))
    await once(socket, 'data')
    return socket.localPort
  }
})
