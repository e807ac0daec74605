'use strict'
const { startProgram } = require('../client.cjs')
const { able, connecting, notAble } = require('../contenders.cjs')
const { inBatches } = require('../in-batches.cjs')
const { samplesOf } = require('../rounds.cjs')
const { compare } = require('../statistics.cjs')

const GIB = 2 ** 30
const BYTES = GIB / 2

async function measure({ contenders, rounds = 9 }) {
  const all = connecting(contenders)
  const server = startProgram('server.cjs', contenders.nothing)
  const { stream: port } = await server.next()
  const results = await inBatches({
    contenders: able(all),
    program: 'stream.cjs',
    rounds,
    warmUp: 1,
    question: () => ({ port, bytes: BYTES }),
  })
  await server.end()
  const what = 'a download over loopback'
  const rows = [
    ['CPU time of 1 GiB', 'cpuMs'],
    ['time of 1 GiB', 'wallMs'],
  ].map(([measure, key]) => {
    const samples = samplesOf(results, (batch) => (batch[key] * GIB) / BYTES)
    return compare({ what, measure, unit: 'ms' }, samples)
  })
  return { rows, notMeasured: notAble(all) }
}

module.exports = {
  title: 'Streaming',
  explains:
    'A client reads bytes as fast as it gets them, from a server in another process, over one ' +
    'plain connection; its CPU time, and the time on the clock.',
  measure,
}
