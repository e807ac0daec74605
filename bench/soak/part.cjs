'use strict'
const { missingTools } = require('../../dist/lab/lab.js')
const { soak } = require('../soak.cjs')

const CONNECTIONS = 10_000

/** The soak as a part of the bench, which proves or refutes. Its rounds are the limits it outlasts. */
async function measure({ contenders, rounds = 50 }) {
  const missing = missingTools()
  if (missing !== null) return { rows: [], notMeasured: [missing] }
  const { problems, ...result } = await soak({
    connections: CONNECTIONS,
    limitSeconds: 3,
    limits: rounds,
    hook: contenders.ours.args.at(-1),
  })
  if (problems.length > 0) throw new Error(problems.join(' '))
  const { with: hooked, without, probes, heldSeconds } = result
  const row = { rounds, peers: {} }
  const once = (number) => ({ median: number, quartiles: [number, number] })
  return {
    rows: [
      {
        ...row,
        what: `${CONNECTIONS} connections, idle for ${heldSeconds} s`,
        measure: 'alive at the end',
        unit: 'connections',
        base: 'nothing',
        baseline: once(without.fates.alive),
        ours: once(hooked.fates.alive),
      },
      {
        ...row,
        what: 'the probes of those connections',
        measure: 'seen by the NAT',
        unit: 'packets',
        base: 'arithmetic',
        baseline: once(probes.expected),
        ours: { ...once(probes.seen), ratio: once(probes.ratio) },
      },
    ],
    notMeasured: [],
    soak: result,
  }
}

module.exports = {
  title: 'Soak',
  explains:
    'Connections held idle through a NAT for fifty times its limit, with churn beside them: how ' +
    'many are alive at the end, and whether the probes are as many as arithmetic says.',
  measure,
}
