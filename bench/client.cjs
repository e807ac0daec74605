'use strict'
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { join } = require('node:path')
const { createInterface } = require('node:readline')
const { cores } = require('./cores.cjs')

const { server, client } = cores()

/**
 * Starts a program of programs/ that answers lines, with a contender and the flags of node given.
 * `node` is another Node than this one.
 */
function startProgram(name, { args, env, node = process.execPath }, flags = []) {
  const file = join(__dirname, 'programs', name)
  const core = name === 'server.cjs' ? server : client
  const argv = ['-c', String(core), node, ...flags, ...args, file]
  const child = spawn('taskset', argv, {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text
  })
  const ended = once(child, 'close').then(([code, signal]) => {
    throw new Error(`${name} ended with ${code ?? signal}: ${complaint}`)
  })
  ended.catch(() => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await Promise.race([lines.next(), ended])
    return done ? ended : JSON.parse(value)
  }
  return {
    pid: child.pid,
    /** The next line that it says by itself. */
    next,
    ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      return next()
    },
    async end() {
      child.stdin.end()
      await ended.catch(() => {})
    },
  }
}

module.exports = { startProgram }
