'use strict'
// Answers at once, and ends the connection so many milliseconds later, as it was asked to;
// `reset-later` ends it so long after the next question instead.
const net = require('node:net')
const { listen } = require('../../story/servers/listen.cjs')

const server = net.createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', (question) => {
    const [how, ms] = String(question).split(' ')
    const end = () => (how === 'end' ? socket.end() : socket.resetAndDestroy())
    socket.write('so be it')
    if (how === 'reset-later') socket.once('data', () => setTimeout(end, Number(ms)))
    else setTimeout(end, Number(ms))
  })
})
listen(server, 'ends')
