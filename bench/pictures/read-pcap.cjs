'use strict'

const FILE_HEADER = 24
const RECORD_HEADER = 16
const ETHERNET = 14
const LITTLE_ENDIAN_MICROSECONDS = 0xa1b2c3d4

/** The TCP segments of a capture by tcpdump -w: Ethernet and IPv4 (pcap-savefile(5)). */
function* readPcap(capture) {
  if (capture.readUInt32LE(0) !== LITTLE_ENDIAN_MICROSECONDS) {
    throw new Error('The capture is not a pcap file as tcpdump writes it on this machine.')
  }
  let offset = FILE_HEADER
  while (offset + RECORD_HEADER <= capture.length) {
    const at = capture.readUInt32LE(offset) + capture.readUInt32LE(offset + 4) / 1e6
    const length = capture.readUInt32LE(offset + 8)
    const ip = offset + RECORD_HEADER + ETHERNET
    offset += RECORD_HEADER + length
    const tcp = ip + (capture[ip] & 0x0f) * 4
    const headers = tcp - ip + (capture[tcp + 12] >> 4) * 4
    yield {
      at,
      source: [...capture.subarray(ip + 12, ip + 16)].join('.'),
      sourcePort: capture.readUInt16BE(tcp),
      targetPort: capture.readUInt16BE(tcp + 2),
      seq: capture.readUInt32BE(tcp + 4),
      ack: capture.readUInt32BE(tcp + 8),
      flags: capture[tcp + 13],
      bytes: capture.readUInt16BE(ip + 2) - headers,
    }
  }
}

module.exports = { readPcap }
