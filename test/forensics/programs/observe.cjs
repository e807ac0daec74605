'use strict'
// Prints what a program sees, an event a line, in the order in which it sees it. `at` is the time.
const { writeSync } = require('node:fs')
const { inspect } = require('node:util')

const see = (event, what = {}) => {
  writeSync(1, `${JSON.stringify({ at: Date.now(), event, ...what })}\n`)
}
exports.see = see

/** Everything of an error that its handler could look at. */
function describe(error) {
  if (error === null || typeof error !== 'object') return { value: String(error) }
  const own = Reflect.ownKeys(error).map((key) => {
    const { get, enumerable, writable } = Object.getOwnPropertyDescriptor(error, key)
    const value = key === 'cause' ? describe(error[key]) : inspect(error[key], { depth: 1 })
    // The ports of connections differ between two runs of the same program.
    return [String(key), get !== undefined, enumerable, writable, plain(value)]
  })
  return {
    kind: Object.getPrototypeOf(error).constructor.name,
    text: plain(String(error)),
    stack: error.stack,
    own,
  }
}

function plain(value) {
  return typeof value === 'string' ? value.replace(/localPort: \d+/g, 'localPort: PORT') : value
}

/** Listens to what an emitter tells of its end. */
exports.observe = (name, emitter) => {
  for (const event of ['error', 'timeout', 'abort', 'end', 'close']) {
    emitter.on(event, (...args) => {
      see(`${name} ${event}`, {
        args: args.map((arg) => (arg instanceof Error ? describe(arg) : inspect(arg))),
        listeners: emitter.eventNames().map((one) => [String(one), emitter.listenerCount(one)]),
        errored: emitter.errored == null ? null : describe(emitter.errored),
      })
    })
  }
  return emitter
}

exports.rejected = (name) => (error) => see(`${name} rejected`, { args: [describe(error)] })

const { TARGET_HOST: host, TARGET_PORT, IDLE_MS, GIVE_UP_MS } = process.env
exports.target = { host, port: Number(TARGET_PORT) }
exports.idleMs = Number(IDLE_MS)
exports.giveUpMs = Number(GIVE_UP_MS)

exports.sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** A program goes on after it has lost a connection; this one for some looks of the auditor. */
exports.goOn = async () => {
  await exports.sleep(2_000)
  see('ends')
  process.exit(0)
}
