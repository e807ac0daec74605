'use strict'
// Reads so many bytes over a connection of its own: {port, bytes} -> what it cost.
const net = require('node:net')
const { measured } = require('./measured.cjs')
const { answerLines } = require('./lines.cjs')

function read({ port, bytes }) {
  return new Promise((done, fail) => {
    let left = bytes
    const socket = net.connect(port, '127.0.0.1', () => socket.write(String(bytes)))
    socket.on('error', fail).on('data', (chunk) => {
      left -= chunk.length
      if (left === 0) socket.destroy()
    })
    socket.on('close', done)
  })
}

answerLines((asked) => measured(() => read(asked)))
