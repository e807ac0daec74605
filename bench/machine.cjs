'use strict'
const { execFileSync } = require('node:child_process')
const { readFileSync } = require('node:fs')
const os = require('node:os')

/** Where and of what the figures are. Has to be asked before the bench itself makes the load. */
function machine() {
  return {
    takenAt: new Date().toISOString(),
    node: process.version,
    kernel: os.release(),
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cpus: os.cpus().length,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    load: Number(os.loadavg()[0].toFixed(2)),
    descriptors: descriptorLimit(),
    system: systemName(),
    iproute2: execFileSync('ss', ['-V'], { encoding: 'utf8' }).trim().replace('ss utility, ', ''),
  }
}

/** How many descriptors a process may have here. */
function descriptorLimit() {
  return Number(execFileSync('sh', ['-c', 'ulimit -H -n'], { encoding: 'utf8' }))
}

function systemName() {
  const named = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))
  return named?.[1] ?? 'unknown'
}

module.exports = { machine }
