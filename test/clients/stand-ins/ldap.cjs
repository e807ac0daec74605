'use strict'
const { serveFrames } = require('./frames.cjs')

// Enough of LDAP (RFC 4511) for a client that binds and searches: below `ou=wait-6` nothing is found,
// after six seconds. Every message is shorter than 128 bytes, so that its length is one byte.
const SEQUENCE = 0x30
const BIND_REQUEST = 0x60
const BIND_RESPONSE = 0x61
const SEARCH_REQUEST = 0x63
const SEARCH_RESULT_DONE = 0x65
/** Code 0, and two empty strings. */
const SUCCESS = [0x0a, 1, 0, 0x04, 0, 0x04, 0]

const answers = new Map([
  [BIND_REQUEST, BIND_RESPONSE],
  [SEARCH_REQUEST, SEARCH_RESULT_DONE],
])

serveFrames({ headBytes: 2, lengthOf: (frame) => 2 + frame[1] }, (socket) => (frame) => {
  // The number of the message, with its own head.
  const id = frame.subarray(2, 4 + frame[3])
  const answer = answers.get(frame[2 + id.length])
  // Nothing is answered when a client leaves.
  if (answer === undefined) return
  const seconds = Number(/ou=wait-(\d+)/.exec(frame)?.[1] ?? 0)
  const body = [...id, answer, SUCCESS.length, ...SUCCESS]
  const reply = Buffer.from([SEQUENCE, body.length, ...body])
  setTimeout(() => socket.write(reply), seconds * 1000)
})
