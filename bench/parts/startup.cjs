'use strict'
const { join } = require('node:path')
const { able, notAble } = require('../contenders.cjs')
const { KERNELS_OWN, withKernelTimes } = require('../kernel-times.cjs')
const { measuredRun } = require('../measured-child.cjs')
const { inRounds, samplesOf } = require('../rounds.cjs')
const { compare } = require('../statistics.cjs')
const { startsOf, THREE_SETTINGS } = require('../variants.cjs')

/** One start differs from the next by more than there is to find; those that take long by less. */
const STARTS = 4

const folder = join(__dirname, '../programs')
const USES_HTTPS = ['a program that uses https', 'uses-https.cjs']
const programs = Object.fromEntries([
  ['a program that does nothing', 'does-nothing.cjs'],
  USES_HTTPS,
])

/** The mean of so many starts. */
function meanRun(argv, env, starts) {
  const runs = Array.from({ length: starts }, () => measuredRun(argv, env))
  const mean = (key) => runs.reduce((sum, run) => sum + run[key], 0) / starts
  return { cpuMs: mean('cpuMs'), wallMs: mean('wallMs') }
}

/** The rows of a program that the contenders start in turns. */
async function startRows({ what, program, contenders, rounds }) {
  const byName = Object.fromEntries(contenders.map((contender) => [contender.name, contender]))
  const results = await inRounds({ names: Object.keys(byName), rounds }, (name) => {
    const { args, env, heavy, node = process.execPath, kernel = KERNELS_OWN } = byName[name]
    const argv = [node, ...args, join(folder, program)]
    return withKernelTimes(kernel, () => meanRun(argv, env, heavy ? 1 : STARTS))
  })
  return [
    ['CPU time', 'ms', 'cpuMs'],
    ['time', 'ms', 'wallMs'],
  ].map(([measure, unit, key]) => {
    const samples = samplesOf(results, (run) => run[key])
    return compare({ what, measure, unit }, samples)
  })
}

async function measure({ contenders, rounds = 15, nodes = [] }) {
  const { told, suited, settings } = startsOf(contenders.ours)
  const all = [...Object.values(contenders), told, suited, settings]
  const rows = []
  for (const [what, program] of Object.entries(programs)) {
    rows.push(...(await startRows({ what, program, contenders: able(all), rounds })))
  }
  const { nothing, ours, empty, minimal } = contenders
  const few = [nothing, ours, told, settings, empty, minimal]
  for (const { name, node } of nodes) {
    const [what, program] = USES_HTTPS
    const others = few.map((contender) => ({ ...contender, node }))
    const about = { what: `${name}: ${what}`, program, contenders: others, rounds }
    rows.push(...(await startRows(about)))
  }
  return { rows, notMeasured: notAble(all) }
}

function settingsText() {
  return Object.entries(THREE_SETTINGS)
    .map((pair) => pair.join('='))
    .join(', ')
}

module.exports = {
  title: 'Start-up',
  explains:
    'What a program pays once, when it starts: CPU time of the whole process, all threads, ' +
    'as the kernel counts it for its parent (wait4), and the time on the clock from spawn to exit; ' +
    `in each round the mean of ${STARTS} starts, of the heavy preloads one. ` +
    'The hook loads only its door at start, and the rest with the first connect or a later turn, ' +
    'which neither program lives to see; what a program pays then is in what its connections cost. ' +
    'By default the first process of a container starts like any other; with ' +
    'NAT_KEEPALIVE_SYSCTL=warn the kernel’s values are read, and told of, at each start. The three ' +
    `settings are ${settingsText()}.`,
  measure,
}
