'use strict'
const { BSON } = require('mongodb')
const { serveFrames } = require('./frames.cjs')

// Enough of MongoDB's wire protocol for a driver of any age that says hello and looks for something:
// find({ seconds }) finds nothing, after so many seconds.
const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013
const HEAD_BYTES = 16

const hello = {
  ismaster: true,
  isWritablePrimary: true,
  helloOk: true,
  minWireVersion: 0,
  maxWireVersion: 21,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
}

let replies = 0

const lengthOf = (frame) => frame.readInt32LE(0)
serveFrames({ headBytes: HEAD_BYTES, lengthOf }, (socket) => (frame) => {
  const id = frame.readInt32LE(4)
  const isQuery = frame.readInt32LE(12) === OP_QUERY
  const command = isQuery ? queried(frame) : messaged(frame)
  const [name] = Object.keys(command)
  const document = BSON.serialize({ ...answerTo(name), ok: 1 })
  const [code, head] = isQuery ? [OP_REPLY, ints(0, 0, 0, 0, 1)] : [OP_MSG, [...ints(0), 0]]
  const body = Buffer.concat([Buffer.from(head), document])
  const seconds = command.filter?.seconds ?? 0
  setTimeout(() => {
    const header = ints(HEAD_BYTES + body.length, ++replies, id, code)
    socket.write(Buffer.concat([header, body]))
  }, seconds * 1000)
})

function answerTo(name) {
  if (/^(hello|ismaster)$/i.test(name)) return hello
  return name === 'find' ? { cursor: { id: 0n, ns: 'test.test', firstBatch: [] } } : {}
}

/** After flags comes the name of the collection, and after that two numbers. */
function queried(frame) {
  const end = frame.indexOf(0, HEAD_BYTES + 4) + 1
  return BSON.deserialize(frame.subarray(end + 8))
}

/** The first section is the command; nobody sends others here. */
function messaged(frame) {
  return BSON.deserialize(frame.subarray(HEAD_BYTES + 5))
}

function ints(...values) {
  const buffer = Buffer.alloc(values.length * 4)
  for (const [at, value] of values.entries()) buffer.writeInt32LE(value, at * 4)
  return buffer
}
