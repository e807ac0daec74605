'use strict'
// A preload that patches connect, as those of others do.
const net = require('node:net')

const { prototype } = net.Socket
const log = []

function patchAs(name) {
  const original = prototype.connect
  prototype.connect = function connect(...args) {
    log.push([name, args.length, Array.isArray(args[0]), this instanceof net.Socket])
    return original.apply(this, args)
  }
  return () => {
    prototype.connect = original
  }
}

patchAs('early')

module.exports = { log, patchAs }
