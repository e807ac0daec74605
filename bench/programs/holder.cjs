'use strict'
// Holds connections, and says what they cost. Each question names a job: {job, ...}.
const { subscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const { closeSync, openSync, readSync } = require('node:fs')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const { answerLines } = require('./lines.cjs')
const { measured } = require('./measured.cjs')

/** One address of the server takes so many: there are 55,000 ports to connect from. */
const EACH_ADDRESS = 20_000
/** Asking about 100,000 connections takes a few seconds. */
const PATIENCE_MS = 60_000

const held = []
let ticks = 0
/** The channel has every episode; a warning that nothing is lost is told once. */
let episodes = 0
subscribe('nat-keepalive:idle', () => episodes++)

const jobs = {
  open,
  memory,
  wait,
  table,
  look,
  ask,
  foreign,
  gapOfLook,
  gapOfAsk,
  gapOfNothing,
  countTicks,
}

async function open({ port, count }) {
  const until = held.length + count
  while (held.length < until) {
    const batch = Array.from({ length: Math.min(100, until - held.length) }, () => {
      const host = `127.0.0.${1 + Math.floor(held.length / EACH_ADDRESS)}`
      const socket = net.connect(port, host)
      held.push(socket)
      return once(socket, 'connect').then(() => socket.on('error', () => {}))
    })
    await Promise.all(batch)
  }
  return held.length
}

async function memory() {
  const gc = /** @type {() => void} */ (global.gc)
  for (let i = 0; i < 4; i++) gc()
  const { heapUsed, rss } = process.memoryUsage()
  return { heapUsed, rss }
}

async function wait({ ms }) {
  const before = ticks
  const cost = await measured(() => sleep(ms))
  return { ...cost, ticks: ticks - before }
}

const buffer = Buffer.allocUnsafeSlow(65_536)

/** A bare read of the kernel's tables, which throws away what it reads. */
function table() {
  return measured(() => {
    for (const file of ['/proc/self/net/tcp', '/proc/self/net/tcp6']) {
      const descriptor = openSync(file, 'r')
      while (readSync(descriptor, buffer, 0, buffer.length, null) > 0);
      closeSync(descriptor)
    }
  })
}

/** What looks at the connections, in this process by its hook. */
function watch() {
  return globalThis[Symbol.for('nat-keepalive.1')].hook().upkeep.watch
}

/** A regular look, with nothing to tell. */
async function look() {
  await move()
  return measured(() => watch().auditor.look())
}

/** A look that finds every connection idle for long, and asks the kernel about each. */
async function ask() {
  await becomeIdle()
  return measured(askAll)
}

async function askAll() {
  const before = episodes
  const patience = Date.now() + PATIENCE_MS
  await watch().auditor.look()
  while (episodes === before) {
    if (Date.now() > patience) throw new Error('The auditor has told nothing of idle connections.')
    await new Promise((done) => setTimeout(done, 2))
  }
}

/** Traffic ends what was told of, so that a look after the threshold has to ask again. */
async function move() {
  for (const socket of held) socket.write('x')
  await sleep(100 + held.length / 50)
  await watch().auditor.look()
}

async function becomeIdle() {
  await move()
  await sleep(Number(String(process.env.NAT_KEEPALIVE_IDLE_WARN).replace('ms', '')) + 100)
}

/** One look for connections of native code, among all descriptors of the process. */
function foreign() {
  return measured(() => watch().foreign.look())
}

async function gapOfLook() {
  await move()
  return gapDuring(() => watch().auditor.look())
}

async function gapOfAsk() {
  await becomeIdle()
  return gapDuring(askAll)
}

/** The longest time between two turns of the event loop while `work` is done, in ms. */
async function gapDuring(work) {
  let longest = 0
  let last = process.hrtime.bigint()
  let running = true
  const turn = () => {
    const now = process.hrtime.bigint()
    longest = Math.max(longest, Number(now - last) / 1e6)
    last = now
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  const began = process.hrtime.bigint()
  await work()
  const lastedMs = Number(process.hrtime.bigint() - began) / 1e6
  await new Promise((done) => setImmediate(done))
  running = false
  return { gapMs: longest, lastedMs }
}

async function countTicks() {
  const { auditor } = watch()
  const { look } = auditor
  auditor.look = () => {
    ticks++
    return look.call(auditor)
  }
  return null
}

function gapOfNothing({ ms }) {
  return gapDuring(() => sleep(ms))
}

/** A reset leaves no connection in TIME_WAIT for the next measurement to read in the table. */
async function letGo() {
  for (const socket of held) socket.resetAndDestroy()
  await sleep(100)
}

answerLines(({ job, ...rest }) => jobs[job](rest), letGo)
