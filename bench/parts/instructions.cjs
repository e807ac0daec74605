'use strict'
const { join } = require('node:path')
const { createAddresses } = require('../addresses.cjs')
const { startProgram } = require('../client.cjs')
const { able, notAble } = require('../contenders.cjs')
const { countInstructions, whyNot } = require('../count-instructions.cjs')
const { compare } = require('../statistics.cjs')
const { startsOf } = require('../variants.cjs')

const programs = join(__dirname, '../programs')

const starts = {
  'start of a program that does nothing': 'does-nothing.cjs',
  'start of a program that uses https': 'uses-https.cjs',
}

/**
 * What the second run has more than the first is what so many connections cost. After fewer V8 is
 * still compiling, and that would be most of what is counted.
 */
const COUNTS = [3_000, 8_000]

async function measure({ contenders, rounds = 2 }) {
  const why = whyNot()
  if (why !== undefined) return { rows: [], notMeasured: [`instructions: ${why}`] }
  const { nothing, ours, empty, minimal, libkeepalive } = contenders
  const { told, settings } = startsOf(ours)
  const starting = [nothing, ours, told, settings, empty, minimal]
  const rows = []
  for (const [what, program] of Object.entries(starts)) {
    const samples = await inPairs(starting, rounds, async ({ args, env }) => {
      return (await countInstructions([...args, join(programs, program)], env)) / 1e6
    })
    rows.push(compare({ what, measure: 'instructions', unit: 'million' }, samples))
  }
  const all = [nothing, ours, minimal, libkeepalive]
  const server = startProgram('server.cjs', nothing)
  const { net: port } = await server.next()
  const address = createAddresses()
  const samples = await inPairs(able(all), rounds, async ({ args, env }) => {
    const totals = []
    for (const count of COUNTS) {
      const question = { kind: 'net', port, host: address(), count }
      totals.push(await countInstructions([...args, join(programs, 'connects.cjs')], env, question))
    }
    return (totals[1] - totals[0]) / (COUNTS[1] - COUNTS[0]) / 1e3
  })
  await server.end()
  const what = 'a plain connection, opened and closed'
  rows.push(compare({ what, measure: 'instructions', unit: 'thousand' }, samples))
  return { rows, notMeasured: notAble(all) }
}

/** Two at a time: what is counted does not depend on what else the machine does. */
async function inPairs(contenders, rounds, count) {
  const samples = Object.fromEntries(contenders.map(({ name }) => [name, []]))
  const left = Array.from({ length: rounds }, () => contenders).flat()
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      samples[one.name].push(await count(one))
    }
  }
  await Promise.all([worker(), worker()])
  return samples
}

module.exports = {
  title: 'Instructions',
  explains:
    'Instructions that the program executes outside of the kernel, as valgrind (cachegrind) counts ' +
    'them, with V8 in its predictable mode: hardly any noise, but blind to what system calls cost. ' +
    `A connection is counted in the steady state: it is what ${COUNTS[1].toLocaleString('en')} of them ` +
    `take beyond ${COUNTS[0].toLocaleString('en')}, when V8 has compiled what it will compile.`,
  measure,
}
