'use strict'
const { serveFrames } = require('./frames.cjs')

// Enough of SQL Server's protocol (MS-TDS) for a client that logs in, without TLS or with the TLS that
// TDS 8.0 begins with, and sends one statement: `waitfor delay '00:00:06'` is done after six seconds.
const SQL_BATCH = 0x01
const TABULAR_RESULT = 0x04
const LOGIN = 0x10
const PRELOGIN = 0x12
const END_OF_MESSAGE = 0x01
const HEAD_BYTES = 8

/** Version and encryption, which is not supported in band; each with offset and length. */
const prelogin = [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 0, 0, 0, 0, 2]
/** TDS 7.4, a server without a name, of version 16. */
const loginAck = [0xad, 10, 0, 1, 0x74, 0, 0, 4, 0, 16, 0, 0, 0]
const done = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]

const answers = new Map([
  [PRELOGIN, prelogin],
  [LOGIN, [...loginAck, ...done]],
  [SQL_BATCH, done],
])

const lengthOf = (frame) => frame.readUInt16BE(2)
const tlsOptions = { ALPNProtocols: ['tds/8.0'] }
serveFrames({ headBytes: HEAD_BYTES, lengthOf, tlsOptions }, (socket) => (frame) => {
  const answer = answers.get(frame[0])
  if (!answer) return
  const statement = frame.toString('utf16le', HEAD_BYTES)
  const seconds = Number(/waitfor delay '00:00:(\d+)'/.exec(statement)?.[1] ?? 0)
  const head = Buffer.from([TABULAR_RESULT, END_OF_MESSAGE, 0, 0, 0, 0, 1, 0])
  head.writeUInt16BE(HEAD_BYTES + answer.length, 2)
  setTimeout(() => socket.write(Buffer.concat([head, Buffer.from(answer)])), seconds * 1000)
})
