'use strict'
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { existsSync } = require('node:fs')

const VALGRIND = '/usr/bin/valgrind'
// Without a model of the caches it only counts; code that V8 writes at run time has to be looked for.
const FLAGS = [
  '--tool=cachegrind',
  '--cache-sim=no',
  '--vgdb=no',
  '--cachegrind-out-file=/dev/null',
  '--smc-check=all-non-file',
]

// V8 otherwise does a part of its work in threads, now more, now less.
const REPEATABLE = '--predictable'

/** Why instructions cannot be counted here, if so. */
function whyNot() {
  return existsSync(VALGRIND) ? undefined : 'apt-get install valgrind'
}

/**
 * How many instructions a program of node's executes outside of the kernel, from start to end, when
 * it has been given `input` to answer.
 */
async function countInstructions({ args, env, node = process.execPath }, input) {
  const child = spawn(VALGRIND, [...FLAGS, node, REPEATABLE, ...args], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  if (input === undefined) child.stdin.end()
  else child.stdin.write(`${JSON.stringify(input)}\n`)
  // Its answer is the end of its work.
  child.stdout.once('data', () => child.stdin.end())
  const [code] = await once(child, 'close')
  const counted = /I +refs: +([\d,]+)/.exec(said)?.[1]
  if (code !== 0 || counted === undefined) throw new Error(`valgrind ended with ${code}: ${said}`)
  return Number(counted.replaceAll(',', ''))
}

module.exports = { countInstructions, whyNot }
