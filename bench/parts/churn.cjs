'use strict'
const { startProgram } = require('../client.cjs')
const { compare } = require('../statistics.cjs')

async function heapsOf(contender, count) {
  const server = startProgram('server.cjs', { args: [], env: contender.env })
  const client = startProgram('churn.cjs', contender, ['--expose-gc'])
  try {
    const { net: port } = await server.next()
    return await client.ask({ port, count })
  } finally {
    await client.end()
    await server.end()
  }
}

async function measure({ contenders: { nothing, ours }, connects = 200_000 }) {
  const audited = { ...ours, env: { ...ours.env, NAT_KEEPALIVE_AUDIT: '1s' } }
  const [bare, hooked] = await Promise.all(
    [nothing, audited].map((contender) => heapsOf(contender, connects)),
  )
  const rows = [
    ['early', connects / 10],
    ['late', connects],
  ].map(([key, after]) => {
    const what = `after ${after.toLocaleString('en')} connections`
    const samples = { nothing: [bare[key] / 1e6], ours: [hooked[key] / 1e6] }
    return compare({ what, measure: 'heap', unit: 'MB' }, samples)
  })
  return { rows, notMeasured: [] }
}

module.exports = {
  title: 'Growth over many connections',
  explains:
    'The heap, after garbage collection, of a program that opens and closes connections, 50 at a ' +
    'time: what is kept of closed ones would show as growth from the first tenth to the end.',
  measure,
}
