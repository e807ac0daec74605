'use strict'
const { readFileSync } = require('node:fs')

/**
 * A core for the servers and another for what is measured, where there are two: wherever the kernel
 * puts a pair that waits for each other decides by half what a request takes, and it changes its mind.
 */
function cores() {
  const status = readFileSync('/proc/self/status', 'latin1')
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '0'
  const allowed = list.split(/[-,]/).map(Number)
  return { server: Math.max(...allowed), client: Math.min(...allowed) }
}

module.exports = { cores }
