'use strict'
const net = require('node:net')
const { listen } = require('./listen.cjs')

const server = net.createServer((socket) => {
  socket.on('error', () => {})
  socket.setEncoding('utf8')
  // A question is a few bytes in one write, so one chunk is one question.
  socket.on('data', (waitMs) => {
    setTimeout(() => socket.write('answer\n'), Number(waitMs))
  })
})
listen(server, 'net')
