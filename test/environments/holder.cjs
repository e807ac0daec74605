'use strict'
// Keeps a network namespace alive, and opens servers in it for the process that started it. The
// address of such a server belongs to the namespace, wherever its handle is.
const net = require('node:net')

process.on('message', () => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    process.send({ port: server.address().port }, server, () => server.close())
  })
})
process.on('disconnect', () => process.exit())
process.send('ready')
