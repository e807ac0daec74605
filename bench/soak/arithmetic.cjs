'use strict'

/** The probes that so many idle connections send in so long a time, a delay apart. */
function expectedProbes({ connections, seconds, delaySeconds }) {
  return (connections * seconds) / delaySeconds
}

/** What probing costs the network: each probe is one packet, and so is its answer. */
function costOf({ connections, delaySeconds, bytesPerPacket }) {
  const packetsPerSecond = 2 * expectedProbes({ connections, seconds: 1, delaySeconds })
  const bytesPerSecond = packetsPerSecond * bytesPerPacket
  return { packetsPerSecond, bytesPerSecond, bytesIn30Days: bytesPerSecond * 30 * 86_400 }
}

module.exports = { costOf, expectedProbes }
