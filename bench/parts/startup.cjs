'use strict'
const { join } = require('node:path')
const { able, notAble } = require('../contenders.cjs')
const { KERNELS_OWN, withKernelTimes } = require('../kernel-times.cjs')
const { measuredRun } = require('../measured-child.cjs')
const { inRounds, samplesOf } = require('../rounds.cjs')
const { compare } = require('../statistics.cjs')
const { startsOf, THREE_SETTINGS } = require('../variants.cjs')

const programs = {
  'a program that does nothing': 'does-nothing.cjs',
  'a program that uses https': 'uses-https.cjs',
}

async function measure({ contenders, rounds = 25 }) {
  const all = Object.values({ ...contenders, ...startsOf(contenders.ours) })
  const byName = Object.fromEntries(able(all).map((contender) => [contender.name, contender]))
  const rows = []
  for (const [what, program] of Object.entries(programs)) {
    const results = await inRounds({ names: Object.keys(byName), rounds }, (name) => {
      const { args, env, kernel = KERNELS_OWN } = byName[name]
      const file = join(__dirname, '../programs', program)
      return withKernelTimes(kernel, () => measuredRun([process.execPath, ...args, file], env))
    })
    for (const [measure, unit, key] of [
      ['CPU time', 'ms', 'cpuMs'],
      ['time', 'ms', 'wallMs'],
    ]) {
      rows.push(
        compare(
          { what, measure, unit },
          samplesOf(results, (run) => run[key]),
        ),
      )
    }
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
    'as the kernel counts it for its parent (wait4), and the time on the clock from spawn to exit. ' +
    'The hook loads only its door at start, and the rest with the first connect or a later turn, ' +
    'which neither program lives to see; what a program pays then is in what its connections cost. ' +
    'By default the first process of a container starts like any other; with ' +
    'NAT_KEEPALIVE_SYSCTL=warn the kernel’s values are read, and told of, at each start. The three ' +
    `settings are ${settingsText()}.`,
  measure,
}
