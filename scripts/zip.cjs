'use strict'

// The zip format is APPNOTE.TXT 6.3 of PKWARE; sections 4.3.7, 4.3.12 and 4.3.16 are all it takes.
const { deflateRawSync } = require('node:zlib')

const version = 20
const madeOnUnix = (3 << 8) | version
const utf8Names = 1 << 11
const deflated = 8
// The earliest date that the format knows, so that the archive does not depend on when it was made.
const date = (1 << 5) | 1
const readableByAll = (0o100644 << 16) >>> 0

/** A zip archive of `files`, an array of `{ name, content }`, in that order, readable by everybody. */
function zip(files) {
  const parts = []
  const directory = []
  let offset = 0
  for (const { name, content } of files) {
    const path = Buffer.from(name)
    const data = deflateRawSync(content, { level: 9 })
    const common = Buffer.alloc(26)
    common.writeUInt16LE(version, 0)
    common.writeUInt16LE(utf8Names, 2)
    common.writeUInt16LE(deflated, 4)
    common.writeUInt16LE(date, 8)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(path.length, 22)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(readableByAll, 6)
    rest.writeUInt32LE(offset, 10)
    const local = [Buffer.from('PK\x03\x04'), common, path, data]
    parts.push(...local)
    offset += local.reduce((sum, { length }) => sum + length, 0)
    directory.push(Buffer.from('PK\x01\x02'), uint16(madeOnUnix), common, rest, path)
  }
  const entries = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files.length, 4)
  end.writeUInt16LE(files.length, 6)
  end.writeUInt32LE(entries.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, entries, Buffer.from('PK\x05\x06'), end])
}

function uint16(value) {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

// zlib.crc32 came with Node 20.15.
function crc32(content) {
  let crc = -1
  for (const byte of content) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

module.exports = { zip }
