'use strict'
const { startProgram } = require('../client.cjs')
const { measuredRun } = require('../measured-child.cjs')
const { inRounds } = require('../rounds.cjs')
const { compare } = require('../statistics.cjs')

const SIZES = [1_000, 10_000, 50_000, 100_000]
/** Descriptors that a process needs beside its connections. */
const OTHERS = 500
const SS = 'ss -tnop'

/** The sizes that a process can hold here, with as many as it can in place of those that it cannot. */
function sizesWithin(limit) {
  const most = Math.floor((limit - OTHERS) / 1_000) * 1_000
  const able = SIZES.filter((size) => size <= most)
  return able.length === SIZES.length ? able : [...able, most]
}

async function measureSize({ nothing, ours, size, rounds }) {
  const env = {
    ...ours.env,
    NAT_KEEPALIVE_AUDIT: '1h',
    NAT_KEEPALIVE_IDLE_WARN: '1000ms',
    NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
    NAT_KEEPALIVE_FORMAT: 'json',
  }
  const server = startProgram('server.cjs', nothing)
  const holder = startProgram('holder.cjs', { ...ours, env })
  try {
    const { net: port } = await server.next()
    await holder.ask({ job: 'open', port, count: size })
    const ways = {
      ss: () => measuredRun(['ss', '-tnop'], nothing.env),
      table: () => holder.ask({ job: 'table' }),
      look: () => holder.ask({ job: 'look' }),
      ask: () => holder.ask({ job: 'ask' }),
      foreign: () => holder.ask({ job: 'foreign' }),
      gapOfLook: () => holder.ask({ job: 'gapOfLook' }),
      gapOfAsk: () => holder.ask({ job: 'gapOfAsk' }),
      gapOfNothing: () => holder.ask({ job: 'gapOfNothing', ms: 50 }),
    }
    return rowsOf(
      `${size.toLocaleString('en')} connections`,
      await inRounds({ names: Object.keys(ways), rounds }, (name) => ways[name]()),
    )
  } finally {
    await holder.end()
    await server.end()
  }
}

function rowsOf(what, results) {
  const all = (name, key) => results[name].map((result) => result[key])
  const cpu = (name) => all(name, 'cpuMs')
  const bare = { 'bare read of /proc/net/tcp': cpu('table') }
  const gaps = (name) => ({ nothing: all('gapOfNothing', 'gapMs'), ours: all(name, 'gapMs') })
  const row = (measure, base, samples) => compare({ what, measure, unit: 'ms', base }, samples)
  return [
    row('CPU time of a regular look', SS, { [SS]: cpu('ss'), ours: cpu('look'), ...bare }),
    row('CPU time of asking the kernel about all', SS, {
      [SS]: cpu('ss'),
      ours: cpu('ask'),
      ...bare,
    }),
    row('time of asking the kernel about all', SS, {
      [SS]: all('ss', 'wallMs'),
      ours: all('ask', 'wallMs'),
      'bare read of /proc/net/tcp': all('table', 'wallMs'),
    }),
    row('CPU time of a look for native sockets', SS, { [SS]: cpu('ss'), ours: cpu('foreign') }),
    row('longest gap of a regular look', 'nothing', gaps('gapOfLook')),
    row('longest gap of asking about all', 'nothing', gaps('gapOfAsk')),
  ]
}

async function measure({ contenders: { nothing, ours }, rounds = 9, machine }) {
  const sizes = sizesWithin(machine.descriptors)
  const rows = []
  for (const size of sizes) rows.push(...(await measureSize({ nothing, ours, size, rounds })))
  const notMeasured = SIZES.filter((size) => !sizes.includes(size)).map(
    (size) =>
      `${size.toLocaleString('en')} connections: a process may have ` +
      `${machine.descriptors.toLocaleString('en')} descriptors here, and this user may not raise that`,
  )
  return { rows, notMeasured }
}

module.exports = {
  title: 'The auditor',
  explains:
    'What the auditor does with the connections of its process, in slices, against ss -tnop, ' +
    'which is started, reads the same from outside, and prints it (to /dev/null); and the longest ' +
    'time that the event loop stood still meanwhile. Both ends of the connections are in the table.',
  measure,
}
