'use strict'
// Connects and closes, one connection after the other: {kind, port, host, count} -> its CPU time.
const { readFileSync } = require('node:fs')
const net = require('node:net')
const { join } = require('node:path')
const tls = require('node:tls')
const { measured } = require('./measured.cjs')
const { answerLines } = require('./lines.cjs')

const ca = readFileSync(join(__dirname, '../../test/fixtures/tls.crt'))

const kinds = {
  net: (port, host, opened) => net.connect(port, host, opened),
  tls: (port, host, opened) => tls.connect({ port, host, ca, servername: 'localhost' }, opened),
}

function connectAndClose({ kind, port, host }) {
  return new Promise((done, fail) => {
    const socket = kinds[kind](port, host, () => socket.end())
    socket.resume().on('error', fail).on('close', done)
  })
}

answerLines((asked) =>
  measured(async () => {
    for (let i = 0; i < asked.count; i++) await connectAndClose(asked)
  }),
)
