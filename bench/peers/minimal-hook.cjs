'use strict'
// The smallest hook there could be: keepalive on, first probe after 45 s, whatever the program asks.
// It knows no settings, no exceptions and no sockets, tells nothing, and looks at nothing again.
const { Socket } = require('node:net')

const { connect, setKeepAlive } = Socket.prototype
const DELAY_MS = 45_000

Socket.prototype.connect = function (/** @type {any} */ ...args) {
  setKeepAlive.call(this, true, DELAY_MS)
  return connect.apply(this, args)
}
Socket.prototype.setKeepAlive = function () {
  return setKeepAlive.call(this, true, DELAY_MS)
}
