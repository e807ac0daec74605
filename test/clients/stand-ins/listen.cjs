'use strict'
const { readFileSync } = require('node:fs')
const net = require('node:net')
const tls = require('node:tls')

const [key, cert] = process.argv.slice(2).map((path) => readFileSync(path))

/** Serves connections of two ports, the second with TLS, and prints the two as a line of JSON. */
exports.listen = (serve, tlsOptions = {}) => {
  const accept = (socket) => {
    // A client may leave as it likes.
    socket.on('error', () => {})
    serve(socket)
  }
  const plain = net.createServer(accept)
  const secure = tls.createServer({ cert, key, ...tlsOptions }, accept)
  plain.listen(0, '0.0.0.0', () => {
    secure.listen(0, '0.0.0.0', () => {
      console.log(JSON.stringify({ plain: plain.address().port, tls: secure.address().port }))
    })
  })
}
