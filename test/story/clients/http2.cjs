'use strict'
const http2 = require('node:http2')
const { tell } = require('./outcome.cjs')

tell(({ origin }) => {
  const session = http2.connect(origin)
  session.on('error', () => {})
  return (waitMs) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': `/wait-${waitMs}` })
      stream.on('error', reject)
      stream.resume().on('end', () => resolve(session.socket.localPort))
    })
})
