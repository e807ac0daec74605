'use strict'
const http = require('node:http')
const { WebSocketServer } = require('ws')
const { listen } = require('./listen.cjs')

const server = http.createServer()
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('error', () => {})
  socket.on('message', (waitMs) => {
    setTimeout(() => socket.send(String(waitMs)), Number(waitMs))
  })
})
listen(server, 'ws')
