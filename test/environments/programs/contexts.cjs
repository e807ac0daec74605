'use strict'
// Asynchronous stacks, contexts and hooks as a program sees them around its connections.
const { AsyncLocalStorage, createHook, executionAsyncId } = require('node:async_hooks')
const dns = require('node:dns')
const net = require('node:net')

const port = Number(process.argv[2])
const storage = new AsyncLocalStorage()
const made = []
let timers = 0
// A program that looks at async_hooks sees the types of what its own connections make.
createHook({
  init(_id, type, trigger) {
    // The hook has one for the whole process, and the program none.
    if (type === 'Timeout') timers++
    else made.push(`${type} ${trigger === executionAsyncId() ? 'here' : 'there'}`)
  },
}).enable()

async function inner(path) {
  const socket = net.connect({ port, host: 'localhost', lookup })
  socket.on('lookup', () => log('lookup'))
  await new Promise((resolve, reject) => socket.on('connect', resolve).on('error', reject))
  log('connected')
  socket.write(`GET ${path} HTTP/1.0\r\n\r\n`)
  await new Promise((resolve) => socket.resume().on('close', resolve))
  log('closed')
}

function lookup(_host, options, callback) {
  log('in lookup')
  dns.lookup('127.0.0.1', options, callback)
}

const seen = []
function log(what) {
  seen.push(`${what} in ${storage.getStore()}`)
}

async function outer(path) {
  await inner(path)
}

async function refused() {
  const socket = net.connect(9, '127.0.0.1')
  const error = await new Promise((resolve) => socket.on('error', resolve))
  throw new Error(error.code, { cause: error })
}

async function caught() {
  try {
    await refused()
  } catch (error) {
    return [error.stack, error.cause.stack]
  }
}

async function main() {
  await Promise.all([
    storage.run('first', () => outer('/first/net')),
    storage.run('second', () => outer('/second/net')),
  ])
  const trace = await storage.run('third', caught)
  const types = [...made].sort()
  console.log(seen.sort())
  console.log(trace)
  console.log(types)
  if (timers > 1) process.exitCode = 9
  // Deep inside the program's own recursion.
  const deep = (depth) => (depth > 0 ? deep(depth - 1) : new net.Socket().connect({ port: -1 }))
  Error.stackTraceLimit = 4
  try {
    deep(100)
  } catch (error) {
    console.log(error.code, Error.stackTraceLimit)
  }
  Error.prepareStackTrace = (error, sites) => [error.message, sites.length > 0]
  const socket = net.connect(9, '127.0.0.1').on('error', (error) => console.log(error.stack))
  console.log(socket.connecting, new Error('mine').stack)
}

main()
