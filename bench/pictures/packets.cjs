'use strict'

const FIN = 1
const SYN = 2
const RST = 4

/**
 * The packets of one connection, from the captures on both sides of the NAT: who sent each, what it
 * is, and when it was seen inside and outside; null where it was not, because the NAT dropped it.
 */
function packetsOf({ inside, outside }, clientPort) {
  const packets = new Map()
  let next = null
  for (const [side, segments] of Object.entries({ inside, outside })) {
    for (const segment of segments) {
      const fromClient = segment.sourcePort === clientPort
      if (!fromClient && segment.targetPort !== clientPort) continue
      const { at, seq, ack, flags, bytes } = segment
      const key = [fromClient, seq, ack, flags, bytes]
      // A packet that was sent again is another one: its copy on the other side follows at once.
      const earlier = packets.get(String(key)) ?? []
      packets.set(String(key), earlier)
      const twin = earlier.find((one) => one[side] === null && Math.abs(one.at - at) < 0.05)
      if (twin) {
        twin[side] = at
        continue
      }
      if (fromClient && side === 'inside' && bytes > 0) next = seq + bytes
      const from = fromClient ? 'client' : 'server'
      const what = kindOf(segment, fromClient && seq + 1 === next)
      earlier.push({ at, from, what, bytes, inside: null, outside: null, [side]: at })
    }
  }
  return [...packets.values()].flat().sort((a, b) => a.at - b.at)
}

/** A probe is an acknowledgement that repeats the number before the next byte (RFC 1122, 4.2.3.6). */
function kindOf({ flags, bytes }, repeats) {
  if (flags & (FIN | RST)) return 'close'
  if (flags & SYN) return 'open'
  if (bytes > 0) return 'data'
  return repeats ? 'probe' : 'ack'
}

module.exports = { packetsOf }
