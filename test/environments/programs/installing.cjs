'use strict'
// A program that has nat-keepalive in it and installs it from code.
const { install, report } = require('nat-keepalive')
const net = require('node:net')

const uninstall = install({ sysctl: 'off' })
const { main } = require('./client.cjs')

const port = Number(process.argv[2])

main(port, 'installed').then(() => {
  const socket = net.connect(port, '127.0.0.1', () => {
    const own = report().sockets.find(({ local }) => local.port === socket.localPort)
    console.log(own.remote.address, own.applied.delayMs, own.verdict)
    socket.destroy()
    uninstall()
  })
})
