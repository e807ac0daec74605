'use strict'
// Acknowledges each event `wait` after the number of seconds it brings.
const http = require('node:http')
const { Server } = require('socket.io')
const { listen } = require('./listen.cjs')

const server = http.createServer()
new Server(server).on('connection', (socket) => {
  socket.on('wait', (seconds, acknowledge) => setTimeout(acknowledge, seconds * 1_000))
})
listen((socket) => server.emit('connection', socket))
