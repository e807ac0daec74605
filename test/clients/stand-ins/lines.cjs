'use strict'
const { createInterface } = require('node:readline')
const { listen } = require('./listen.cjs')

/** Serves a protocol of lines: `greet` gets what sends a reply, and returns what takes a line. */
exports.serveLines = (greet) => {
  listen((socket) => {
    const take = greet((line) => socket.write(`${line}\r\n`))
    createInterface({ input: socket }).on('line', take)
  })
}
