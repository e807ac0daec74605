'use strict'

/** An address of loopback for each batch of connects: none finds another's ports in TIME_WAIT. */
function createAddresses() {
  let used = 0
  return () => {
    used++
    return `127.1.${used >> 8}.${used & 255}`
  }
}

module.exports = { createAddresses }
