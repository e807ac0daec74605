'use strict'
const { startProgram } = require('../client.cjs')
const { able, connecting, notAble } = require('../contenders.cjs')
const { inBatches } = require('../in-batches.cjs')
const { samplesOf } = require('../rounds.cjs')
const { compare } = require('../statistics.cjs')

const COUNT = 1_000

async function measure({ contenders, rounds = 24 }) {
  const all = connecting(contenders)
  const server = startProgram('server.cjs', contenders.nothing)
  const { http: port } = await server.next()
  const rows = []
  for (const connections of [1, 10]) {
    const results = await inBatches({
      contenders: able(all),
      program: 'requests.cjs',
      rounds,
      question: () => ({ port, connections, count: COUNT }),
    })
    const what = `HTTP requests over ${connections === 1 ? 'one connection' : `${connections} connections`}`
    const cpu = samplesOf(results, ({ cpuMs }) => (cpuMs * 1_000) / COUNT)
    rows.push(compare({ what, measure: 'CPU time of a request', unit: 'µs' }, cpu))
    const rate = samplesOf(results, ({ wallMs }) => (COUNT * 1_000) / wallMs)
    rows.push(compare({ what, measure: 'requests', unit: '1/s' }, rate))
  }
  await server.end()
  return { rows, notMeasured: notAble(all) }
}

module.exports = {
  title: 'Keep-alive requests',
  explains:
    'HTTP/1.1 requests without a body, answered by a server in another process, over an agent ' +
    'that keeps its connections: CPU time of the client for each, which is the robust figure, ' +
    'and how many it gets done in a second.',
  measure,
}
