'use strict'
const { lookupService } = require('node:dns/promises')
const { serveFrames } = require('./frames.cjs')

// Enough of Kafka for a producer, and of every request only the oldest version: what is sent to the
// topic `wait-6` is acknowledged after six seconds.
const PRODUCE = 0
const METADATA = 3
const API_VERSIONS = 18

const lengthOf = (frame) => 4 + frame.readInt32BE(0)
serveFrames({ headBytes: 4, lengthOf }, (socket) => async (frame) => {
  const key = frame.readInt16BE(4)
  const correlation = frame.subarray(8, 12)
  const [topic, seconds] = /wait-(\d+)/.exec(frame) ?? []
  const body = await answers[key](topic, socket)
  const reply = Buffer.concat([int32(correlation.length + body.length), correlation, body])
  setTimeout(() => socket.write(reply), key === PRODUCE ? Number(seconds) * 1000 : 0)
})

const answers = {
  [API_VERSIONS]() {
    const keys = [PRODUCE, METADATA, API_VERSIONS]
    const versions = keys.map((key) => sequence(int16(key), int16(0), int16(0)))
    return sequence(int16(0), array(...versions))
  },

  async [METADATA](topic, { localAddress, localPort }) {
    // The client connects again, to the name that it hears here.
    const { hostname } = await lookupService(localAddress, localPort)
    const broker = sequence(int32(1), string(hostname), int32(localPort))
    const replicas = array(int32(1))
    const partition = sequence(int16(0), int32(0), int32(1), replicas, replicas)
    const topics = topic ? [sequence(int16(0), string(topic), array(partition))] : []
    return sequence(array(broker), array(...topics))
  },

  [PRODUCE](topic) {
    const partition = sequence(int32(0), int16(0), int32(0), int32(0))
    return array(sequence(string(topic), array(partition)))
  },
}

function int16(value) {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}

function int32(value) {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

function string(text) {
  return sequence(int16(text.length), Buffer.from(text))
}

function array(...elements) {
  return sequence(int32(elements.length), ...elements)
}

function sequence(...buffers) {
  return Buffer.concat(buffers)
}
