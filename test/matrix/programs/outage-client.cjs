'use strict'
// Opens idle connections, a quarter of a second apart, so that an outage finds them at every point
// between two probes. Prints a line of JSON for each that is open, that is answered, and that dies.
// For each line on stdin it writes to all of them.
const net = require('node:net')
const tls = require('node:tls')

const { TARGET, REFUSING, PLAIN, SECURE } = process.env
const COUNT = 9
const APART_MS = 250

function tell(id, event) {
  process.stdout.write(`${JSON.stringify({ id, event, at: Date.now() })}\n`)
}

/** A name with two addresses, of which the first refuses. */
function lookup(_host, options, callback) {
  const addresses = [REFUSING, TARGET].map((address) => ({ address, family: 4 }))
  if (options.all) process.nextTick(callback, null, addresses)
  else process.nextTick(callback, null, TARGET, 4)
}

const named = { host: 'two.test', lookup, autoSelectFamily: true }
const kinds = [
  () => net.connect({ port: PLAIN, host: TARGET }),
  () => tls.connect({ port: SECURE, host: TARGET, rejectUnauthorized: false }),
  () => tls.connect({ port: SECURE, rejectUnauthorized: false, ...named }),
]

const sockets = []
for (let id = 0; id < COUNT; id++) {
  setTimeout(() => {
    const socket = kinds[id % kinds.length]()
    sockets.push(socket)
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => tell(id, 'open'))
    socket.on('data', () => tell(id, 'answered'))
    socket.on('error', (error) => tell(id, error.code))
  }, id * APART_MS)
}
process.stdin.on('data', () => {
  for (const socket of sockets) if (!socket.destroyed) socket.write('hello')
})
