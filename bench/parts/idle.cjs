'use strict'
const { setTimeout: sleep } = require('node:timers/promises')
const { startProgram } = require('../client.cjs')
const { inRounds } = require('../rounds.cjs')
const { compare } = require('../statistics.cjs')

const WINDOW_MS = 4_000
const HOUR_MS = 3_600_000
/** The default of NAT_KEEPALIVE_AUDIT. */
const BEAT_MS = 30_000

async function start(contender, size) {
  const server = startProgram('server.cjs', { args: [], env: contender.env })
  const holder = startProgram('holder.cjs', contender)
  const { net: port } = await server.next()
  await holder.ask({ job: 'open', port, count: size })
  return {
    holder,
    async end() {
      await holder.end()
      await server.end()
    },
  }
}

async function measureSize({ nothing, ours, size, rounds }) {
  const fast = { ...ours, env: { ...ours.env, NAT_KEEPALIVE_AUDIT: '1s' } }
  const bare = await start(nothing, size)
  const hooked = await start(fast, size)
  try {
    await hooked.holder.ask({ job: 'countTicks' })
    await sleep(3_000)
    const wait = { job: 'wait', ms: WINDOW_MS }
    const { windows } = await inRounds({ names: ['windows'], rounds, warmUp: 1 }, () =>
      Promise.all([bare.holder.ask(wait), hooked.holder.ask(wait)]),
    )
    return {
      ticks: windows.reduce((sum, [, { ticks }]) => sum + ticks, 0),
      samples: {
        nothing: windows.map(([{ cpuMs }]) => hourOf(cpuMs)),
        ours: windows.map(
          ([{ cpuMs: idle }, { cpuMs, ticks }]) =>
            hourOf(idle) + ((cpuMs - idle) / ticks) * (HOUR_MS / BEAT_MS),
        ),
      },
    }
  } finally {
    await bare.end()
    await hooked.end()
  }
}

function hourOf(cpuMs) {
  return (cpuMs * HOUR_MS) / WINDOW_MS
}

async function measure({ contenders: { nothing, ours }, rounds = 5 }) {
  const rows = await Promise.all(
    [10, 10_000].map(async (size) => {
      const { ticks, samples } = await measureSize({ nothing, ours, size, rounds })
      const what = `an hour with ${size.toLocaleString('en')} idle connections`
      const measure = `CPU time, extrapolated from ${ticks} looks`
      return compare({ what, measure, unit: 'ms' }, samples)
    }),
  )
  return { rows, notMeasured: [] }
}

module.exports = {
  title: 'An idle hour',
  explains:
    'CPU time of a program that only holds connections. The auditor looks every second instead of ' +
    'every 30 s, its looks are counted, what one costs beyond the same program without the hook ' +
    'is taken 120 times, and added to what that program costs.',
  measure,
}
