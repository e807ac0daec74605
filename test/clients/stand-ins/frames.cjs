'use strict'
const { listen } = require('./listen.cjs')

/**
 * Serves a protocol of frames that begin with a head of so many bytes, from which `lengthOf` tells
 * the length of the whole. `greet` gets the socket and returns what takes a frame.
 */
exports.serveFrames = ({ headBytes, lengthOf, tlsOptions }, greet) => {
  listen((socket) => {
    const take = greet(socket)
    let pending = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= headBytes) {
        const length = lengthOf(pending)
        if (pending.length < length) return
        take(pending.subarray(0, length))
        pending = pending.subarray(length)
      }
    })
  }, tlsOptions)
}
