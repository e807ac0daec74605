'use strict'
// What a bundler gets: clients of several kinds in one program.
const WebSocket = require('ws')
const { main } = require('./client.cjs')

const port = Number(process.argv[2])

main(port, 'bundled').then(() => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/bundled/ws/net`)
  socket.on('message', (data) => console.log('ws', String(data)))
  socket.on('close', (code) => console.log('closed', code))
})
