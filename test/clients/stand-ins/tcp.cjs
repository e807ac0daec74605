'use strict'
// Answers each chunk, which is the number of seconds to wait before.
const { listen } = require('./listen.cjs')

listen((socket) => {
  socket.setEncoding('utf8').on('data', (seconds) => {
    setTimeout(() => socket.write('answer\n'), Number(seconds) * 1_000)
  })
})
