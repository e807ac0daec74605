'use strict'
// Into a startup snapshot goes a program that has loaded net and opens its connection when it runs.
const net = require('node:net')
const { startupSnapshot } = require('node:v8')

startupSnapshot.setDeserializeMainFunction(() => {
  const port = Number(process.argv.at(-1))
  const socket = net.connect(port, '127.0.0.1', () => {
    socket.write('GET /snapshot/net HTTP/1.0\r\n\r\n')
  })
  socket.setEncoding('utf8').on('data', (text) => console.log(text.split('\r\n\r\n')[1]))
})
