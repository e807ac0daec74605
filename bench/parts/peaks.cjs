'use strict'
const { startProgram } = require('../client.cjs')
const { compare } = require('../statistics.cjs')

/** Long enough that what is kept of each would be hundreds of megabytes. */
const SECONDS = 6

const kinds = [
  { kind: 'uploads', what: 'uploads, each with a request of its own', perSecond: 10 },
  { kind: 'jobs', what: 'jobs of 4 MB with a connection each', perSecond: 15 },
  { kind: 'crawler', what: 'a crawler of new destinations', perSecond: 40 },
]

async function peakOf(contender, { kind, perSecond }) {
  const bare = { args: [], env: contender.env }
  const server = startProgram('server.cjs', bare)
  const program = startProgram('peaks.cjs', contender)
  const uploader = kind === 'uploads' ? startProgram('uploader.cjs', bare) : undefined
  try {
    const ports = await server.next()
    const count = SECONDS * perSecond
    const first = program.ask({ kind, ports, count, perSecond })
    if (uploader === undefined) return (await first).peakBytes / 1e6
    const [{ peakBytes }] = await Promise.all([
      first.then(() => program.next()),
      first.then(({ port }) => uploader.ask({ port, count, perSecond })),
    ])
    return peakBytes / 1e6
  } finally {
    for (const one of [uploader, program, server]) await one?.end()
  }
}

async function measure({ contenders: { nothing, ours }, rounds = 4 }) {
  const rows = []
  for (const kind of kinds) {
    const samples = { nothing: [], ours: [] }
    for (let round = 0; round < rounds; round++) {
      // What is measured is no time: they need not wait for each other.
      const peaks = await Promise.all([nothing, ours].map((contender) => peakOf(contender, kind)))
      for (const [i, key] of ['nothing', 'ours'].entries()) samples[key].push(peaks[i])
    }
    const { what } = kind
    rows.push(compare({ what, measure: 'peak of resident memory', unit: 'MB' }, samples))
  }
  return { rows, notMeasured: [] }
}

module.exports = {
  title: 'Memory at its peak',
  explains:
    'The most resident memory (VmHWM) of programs that have something large in hand, open a ' +
    'connection, and let go of both: a handler that takes 10 uploads of 4 MB a second and asks ' +
    'an upstream without an agent for each, 15 jobs of 4 MB a second that connect once, and a ' +
    `crawler with 1 MB for each of 40 new destinations a second, for ${SECONDS} s. What is kept of ` +
    'connections that are closed would show as a multiple.',
  measure,
}
