'use strict'
// Answers at once, and ends the connection so many milliseconds later, as it was asked to.
const net = require('node:net')
const { listen } = require('../../story/servers/listen.cjs')

const server = net.createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', (question) => {
    const [how, ms] = String(question).split(' ')
    socket.write('so be it')
    setTimeout(() => (how === 'reset' ? socket.resetAndDestroy() : socket.end()), Number(ms))
  })
})
listen(server, 'ends')
