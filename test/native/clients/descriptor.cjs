'use strict'
// Takes over a connection that another process opened, and arms it after ARM_MS.
const net = require('node:net')

const socket = new net.Socket({ fd: 4 })
socket.on('error', () => {}).resume()
const { ARM_MS } = process.env
if (ARM_MS !== undefined) setTimeout(() => socket.setKeepAlive(true, 30_000), Number(ARM_MS))
socket.on('ready', () => {})
console.log(socket.remotePort)
