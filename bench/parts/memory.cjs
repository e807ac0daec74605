'use strict'
const { setTimeout: sleep } = require('node:timers/promises')
const { startProgram } = require('../client.cjs')
const { compare } = require('../statistics.cjs')

const COUNT = 10_000
/** So many more first, that what is loaded once is not counted. */
const BEFORE = 100

async function bytesOfEach(contender) {
  const server = startProgram('server.cjs', { args: [], env: contender.env })
  const holder = startProgram('holder.cjs', contender, ['--expose-gc'])
  try {
    const { net: port } = await server.next()
    await holder.ask({ job: 'open', port, count: BEFORE })
    await sleep(2_500)
    const before = await holder.ask({ job: 'memory' })
    await holder.ask({ job: 'open', port, count: COUNT })
    await sleep(3_500)
    const after = await holder.ask({ job: 'memory' })
    return {
      heap: (after.heapUsed - before.heapUsed) / COUNT,
      rss: (after.rss - before.rss) / COUNT,
    }
  } finally {
    await holder.end()
    await server.end()
  }
}

async function measure({ contenders: { nothing, ours, minimal }, rounds = 5 }) {
  // What the auditor keeps of a connection is there once it has looked.
  const audited = { ...ours, env: { ...ours.env, NAT_KEEPALIVE_AUDIT: '1s' } }
  const all = [nothing, audited, minimal]
  const samples = { heap: {}, rss: {} }
  for (let round = 0; round < rounds; round++) {
    // What is measured is no time: they need not wait for each other.
    const bytes = await Promise.all(all.map(bytesOfEach))
    for (const [i, { name }] of all.entries()) {
      for (const key of Object.keys(samples)) {
        samples[key][name] ??= []
        samples[key][name].push(bytes[i][key])
      }
    }
  }
  const what = `an idle connection, of ${COUNT.toLocaleString('en')}`
  const rows = [
    compare({ what, measure: 'heap', unit: 'bytes', beyond: true }, samples.heap),
    compare({ what, measure: 'resident memory', unit: 'bytes' }, samples.rss),
  ]
  return { rows, notMeasured: [] }
}

module.exports = {
  title: 'Memory of an idle connection',
  explains:
    'Growth of the heap after garbage collection, and of the resident memory, for each of many ' +
    'plain connections that are held, after the auditor has looked at them.',
  measure,
}
