'use strict'
// Answers the line `late MS` after so long, with what it got.
require('node:net')
  .createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const [, delay] = /^late (\d+)/.exec(data) ?? [undefined, '0']
      setTimeout(() => socket.write(data), Number(delay))
    })
  })
  .listen(7000, () => console.log('listening'))
