'use strict'
// Answers each message, which is the number of seconds to wait before.
const http = require('node:http')
const { WebSocketServer } = require('ws')
const { listen } = require('./listen.cjs')

const server = http.createServer()
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('error', () => {})
  socket.on('message', (seconds) => {
    setTimeout(() => socket.send('answer'), Number(seconds) * 1_000)
  })
})
listen((socket) => server.emit('connection', socket))
