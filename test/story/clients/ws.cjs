'use strict'
const { once } = require('node:events')
const WebSocket = require('ws')
const { tell } = require('./outcome.cjs')

tell(async ({ host, port }) => {
  const socket = new WebSocket(`ws://${host}:${port}`)
  await once(socket, 'open')
  // Once it is open, a reset is not an error event but a close with code 1006.
  const lost = once(socket, 'close').then(([code]) => {
    throw Object.assign(new Error('closed'), { code: `WS_CLOSE_${code}` })
  })
  lost.catch(() => {})
  return async (waitMs) => {
    socket.send(String(waitMs))
    await Promise.race([once(socket, 'message'), lost])
    return socket._socket.localPort
  }
})
