'use strict'
const { join } = require('node:path')
const { createAddresses } = require('../addresses.cjs')
const { startProgram } = require('../client.cjs')
const { countInstructions, whyNot } = require('../count-instructions.cjs')
const { compare } = require('../statistics.cjs')
const { startsOf } = require('../variants.cjs')

const programs = join(__dirname, '../programs')

const NOTHING = ['start of a program that does nothing', 'does-nothing.cjs']
const HTTPS = ['start of a program that uses https', 'uses-https.cjs']

/**
 * What the second run has more than the first is what so many connections cost. Before some 5,000
 * V8 is still compiling, and that would be a third of what is counted.
 */
const COUNTS = [5_000, 8_000]

/** A collection of the old space is dear, and would fall into one run and not into another. */
const NO_FULL_COLLECTION = '--initial-old-space-size=1024'

/**
 * How fast the hook's clock goes, which says how many connects a second are looked at closely. Here
 * everything takes a hundred times as long: so slow it is as in a program that connects thousands
 * of times a second, and so fast as in one that connects a few times.
 */
const CLOCK = { often: '0.01', seldom: '20' }

/** How a contender is started with a program. */
function running(program, { args, env, node }) {
  return { args: [...args, join(programs, String(program))], env, node }
}

function withClock({ name, ...contender }, clock, as = name) {
  const args = [NO_FULL_COLLECTION, '-r', join(programs, 'clock.cjs'), ...contender.args]
  // Here a look would come after some thousand connects, and else comes after many more.
  const env = { ...contender.env, BENCH_CLOCK: clock, NAT_KEEPALIVE_AUDIT: '1h' }
  return { ...contender, name: as, args, env }
}

/** @param {string[]} start */
async function startRow([what = '', program], contenders, rounds) {
  const samples = await inPairs(contenders, rounds, async (contender) => {
    return (await countInstructions(running(program, contender))) / 1e6
  })
  return compare({ what, measure: 'instructions', unit: 'million' }, samples)
}

async function connectRow(contenders) {
  const server = startProgram('server.cjs', contenders[0])
  const { net: port } = await server.next()
  const address = createAddresses()
  const samples = await inPairs(contenders, 1, async (contender) => {
    const totals = []
    for (const count of COUNTS) {
      const question = { kind: 'net', port, host: address(), count }
      totals.push(await countInstructions(running('connects.cjs', contender), question))
    }
    return (totals[1] - totals[0]) / (COUNTS[1] - COUNTS[0]) / 1e3
  })
  await server.end()
  const what = 'a plain connection, opened and closed'
  return compare({ what, measure: 'instructions', unit: 'thousand' }, samples)
}

async function measure({ contenders, rounds = 2, nodes = [] }) {
  const why = whyNot()
  if (why !== undefined) return { rows: [], notMeasured: [`instructions: ${why}`] }
  const { nothing, ours, empty, minimal } = contenders
  const { told, settings } = startsOf(ours)
  const starting = [nothing, ours, told, settings, empty, minimal]
  const rows = [await startRow(NOTHING, starting, rounds), await startRow(HTTPS, starting, rounds)]
  for (const { name, node } of nodes) {
    const others = starting.map((contender) => ({ ...contender, node }))
    rows.push(await startRow([`${name}: ${HTTPS[0]}`, HTTPS[1]], others, 1))
  }
  const often = [nothing, ours, minimal].map((contender) => withClock(contender, CLOCK.often))
  const seldom = withClock(ours, CLOCK.seldom, 'ours, a few connects a second')
  rows.push(await connectRow([...often, seldom]))
  return { rows, notMeasured: [] }
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
    `take beyond ${COUNTS[0].toLocaleString('en')}, when V8 has compiled what it will compile, without collections of ' +
    'the old space and without the auditor’s looks, which come by the clock. The hook ` +
    'finds out where a connection was opened for some of them in each second, so it is counted for ' +
    'a program that connects thousands of times a second, and for one in which each is looked at.',
  measure,
}
