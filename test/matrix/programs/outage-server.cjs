'use strict'
// Says what it hears, on the address in its first argument: over TCP, and over TLS.
const net = require('node:net')
const tls = require('node:tls')
const { identity } = require('../../story/servers/listen.cjs')

function echo(socket) {
  socket.on('error', () => {})
  socket.pipe(socket)
}

const [, , address] = process.argv
const plain = net.createServer(echo).listen(0, address, () => {
  const secure = tls.createServer(identity, echo).listen(0, address, () => {
    console.log(JSON.stringify({ plain: plain.address().port, secure: secure.address().port }))
  })
})
