'use strict'
const { writeFileSync } = require('node:fs')

/** What Linux sets by itself, and what the hook proposes. */
const KERNELS_OWN = { time: 7_200, intvl: 75, probes: 9 }
const PROPOSED = { time: 45, intvl: 15, probes: 4 }

/** Sets net.ipv4.tcp_keepalive_* of this network namespace. */
function setKernelTimes(times) {
  for (const [name, value] of Object.entries(times)) {
    writeFileSync(`/proc/sys/net/ipv4/tcp_keepalive_${name}`, String(value))
  }
}

/** Does something under other times than the kernel's own. */
async function withKernelTimes(times, work) {
  setKernelTimes(times)
  try {
    return await work()
  } finally {
    setKernelTimes(KERNELS_OWN)
  }
}

module.exports = { KERNELS_OWN, PROPOSED, withKernelTimes }
