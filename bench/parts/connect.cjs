'use strict'
const { createAddresses } = require('../addresses.cjs')
const { startProgram } = require('../client.cjs')
const { able, connecting, notAble } = require('../contenders.cjs')
const { inBatches } = require('../in-batches.cjs')
const { samplesOf } = require('../rounds.cjs')
const { compare } = require('../statistics.cjs')

const kinds = [
  { kind: 'net', what: 'a plain connection, opened and closed', count: 500 },
  { kind: 'tls', what: 'a TLS connection, opened and closed', count: 60 },
]

async function measure({ contenders, rounds = 36, nodes = [] }) {
  const all = connecting(contenders)
  const server = startProgram('server.cjs', contenders.nothing)
  const ports = await server.next()
  const address = createAddresses()
  const rowOf = async ({ kind, what, count }, contenders) => {
    const results = await inBatches({
      contenders,
      program: 'connects.cjs',
      rounds,
      question: () => ({ kind, port: ports[kind], host: address(), count }),
    })
    const samples = samplesOf(results, ({ cpuMs }) => (cpuMs * 1_000) / count)
    return compare({ what, measure: 'CPU time', unit: 'µs' }, samples)
  }
  const rows = []
  for (const kind of kinds) rows.push(await rowOf(kind, able(all)))
  const { nothing, ours, minimal } = contenders
  for (const { name, node } of nodes) {
    const [plain] = kinds
    const others = [nothing, ours, minimal].map((contender) => ({ ...contender, node }))
    rows.push(await rowOf({ ...plain, what: `${name}: ${plain.what}` }, others))
  }
  await server.end()
  return { rows, notMeasured: notAble(all) }
}

module.exports = {
  title: 'Connect and close',
  explains:
    'CPU time of the client for each connection, when it opens and closes them one after the ' +
    'other to a server in another process; a TLS connection has a full handshake.',
  measure,
}
