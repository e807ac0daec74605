'use strict'
// Ends by an error that nobody catches, thrown in a callback of a connection.
const net = require('node:net')

const server = net.createServer().listen(0, '127.0.0.1', () => {
  net.connect(server.address().port, '127.0.0.1', function connected() {
    throw new TypeError('boom')
  })
})
