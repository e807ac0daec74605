'use strict'
const { execFile } = require('node:child_process')
const { join } = require('node:path')
const { promisify } = require('node:util')
const { able, connecting, notAble } = require('../contenders.cjs')
const { KERNELS_OWN, PROPOSED, withKernelTimes } = require('../kernel-times.cjs')
const { compare } = require('../statistics.cjs')

const run = promisify(execFile)
const programs = [
  join(__dirname, '../../test/fixtures/ways.cjs'),
  join(__dirname, '../programs/native.cjs'),
]

/** The limit that the hook assumes where it is not told another. */
const LIMIT_SECONDS = 240
/** What four probes, 15 s apart, bridge, and what the hook's defaults do. */
const OUTAGES_SECONDS = [45, 300]
/** The default of NAT_KEEPALIVE_INTERVAL. */
const INTERVAL_SECONDS = 15

/** Every way to connect, with what the kernel has at each of its moments: of JavaScript, and of native code. */
function looksOf({ args, env, kernel = KERNELS_OWN }) {
  return withKernelTimes(kernel, async () => {
    const looks = []
    for (const program of programs) {
      const { stdout } = await run(process.execPath, [...args, program], { env })
      looks.push(JSON.parse(stdout))
    }
    return looks
  })
}

/** Processes at a time, of which each waits. */
const GROUPS = 8

/**
 * The same once what Node cannot set is on each connection too, which the hook does some seconds after
 * it was opened: each look waits for that.
 */
async function lateLooks({ args, env }, ways) {
  const groups = Array.from({ length: GROUPS }, (_, at) =>
    ways.filter((_way, i) => i % GROUPS === at),
  )
  const waiting = { ...env, WAYS_INTERVAL: String(INTERVAL_SECONDS) }
  const outputs = await Promise.all(
    groups.map((group) =>
      run(process.execPath, [...args, programs[0], ...group], { env: waiting }),
    ),
  )
  return outputs.flatMap(({ stdout }) => JSON.parse(stdout))
}

/** The hook's other mode: it only switches keepalive on, and the sysctls set the times. */
function kernelMode(ours) {
  const env = { ...ours.env, NAT_KEEPALIVE_MODE: 'kernel' }
  return { ...ours, name: 'ours, kernel mode', env, kernel: PROPOSED }
}

function groupByWay(looks) {
  const byWay = new Map()
  for (const look of looks) byWay.set(look.way, [...(byWay.get(look.way) ?? []), look])
  return byWay
}

/** The first moment at which no probe comes within the limit, in words; null where there is none. */
function holeIn(looks) {
  // A peer that replaces agents may lead the request another way.
  if (looks.every(({ options }) => options.length === 0)) return 'not gone this way'
  for (const { moment, options } of looks) {
    const bad = options.find(({ on, idle }) => !on || idle >= LIMIT_SECONDS)
    if (bad !== undefined) return `${bad.on ? `${bad.idle} s` : 'off'}, ${moment}`
  }
  return null
}

/** Whether an idle connection outlives a path that is dead for so long, at every moment. */
function outlives(looks, seconds) {
  return looks.every(({ options }) =>
    options.every(({ interval, count }) => (count - 1) * interval >= seconds),
  )
}

async function measure({ contenders }) {
  const all = [...connecting(contenders), kernelMode(contenders.ours)]
  const ways = {}
  const covered = {}
  const gentle = OUTAGES_SECONDS.map(() => ({}))
  for (const { name, ...contender } of able(all)) {
    const [javaScript, native] = await looksOf(contender)
    const byWay = groupByWay([...javaScript, ...native])
    for (const [way, looks] of byWay) {
      ways[way] = { ...ways[way], [name]: holeIn(looks) }
    }
    const kept = [...byWay].filter(([way]) => ways[way][name] === null)
    covered[name] = [kept.length]
    const late =
      name === contenders.ours.name
        ? groupByWay(await lateLooks(contender, [...groupByWay(javaScript).keys()]))
        : byWay
    for (const [at, seconds] of OUTAGES_SECONDS.entries()) {
      const lasting = kept.filter(([way, looks]) => outlives(late.get(way) ?? looks, seconds))
      gentle[at][name] = [lasting.length]
    }
  }
  const what = `of ${Object.keys(ways).length} ways to connect`
  const rows = [
    compare({ what, measure: 'protected at every moment', unit: 'ways' }, covered),
    ...OUTAGES_SECONDS.map((seconds, at) =>
      compare(
        { what, measure: `and outliving an outage of ${seconds} s`, unit: 'ways' },
        gentle[at],
      ),
    ),
  ]
  return { rows, ways, notMeasured: notAble(all) }
}

module.exports = {
  title: 'What is protected',
  explains:
    'Each way to connect is gone through in a process with the hook or the peer, and the options ' +
    'are read from the kernel at each moment of it: it counts as protected where, at all of them, ' +
    `keepalive is on and the first probe comes within ${LIMIT_SECONDS} s. How long an outage of the ` +
    'path an idle connection outlives is up to the probes, which Node sets from 24.19 and 26.4 on. ' +
    'On older ones the hook’s native part puts them on a connection some seconds after it was opened, ' +
    'and what it outlives is read then, at each moment; in kernel mode (NAT_KEEPALIVE_MODE=kernel, ' +
    'sysctls 45, 15 and 4) the kernel does, on every Node.',
  measure,
}
