'use strict'
const { join } = require('node:path')
const { able, notAble } = require('../contenders.cjs')
const { KERNELS_OWN, PROPOSED, withKernelTimes } = require('../kernel-times.cjs')
const { measuredRun } = require('../measured-child.cjs')
const { inRounds, samplesOf } = require('../rounds.cjs')
const { compare } = require('../statistics.cjs')

const programs = {
  'a program that does nothing': 'does-nothing.cjs',
  'a program that uses https': 'uses-https.cjs',
}

/** What a start of ours costs where the check of the kernel's values is asked for. */
function variantsOf(ours) {
  const checked = { ...ours, env: { ...ours.env, NAT_KEEPALIVE_SYSCTL: 'warn' } }
  return {
    told: { ...checked, name: 'ours, NAT_KEEPALIVE_SYSCTL=warn' },
    suited: { ...checked, name: 'the same, tcp_keepalive_time=45', kernel: PROPOSED },
  }
}

async function measure({ contenders, rounds = 25 }) {
  const all = Object.values({ ...contenders, ...variantsOf(contenders.ours) })
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

module.exports = {
  title: 'Start-up',
  explains:
    'What a program pays once, when it starts: CPU time of the whole process, all threads, ' +
    'as the kernel counts it for its parent (wait4), and the time on the clock from spawn to exit.',
  measure,
}
