'use strict'
// Thousands of idle connections behind a NAT for fifty times its limit, with the hook and without.
// Usage, after npm run build:
//   node bench/soak.cjs [--connections 10000] [--limit 3] [--limits 50] [--json] [--write]
// --write also writes bench/soak-results.json and docs/probe-traffic.md.
const { once } = require('node:events')
const { readFileSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const { join } = require('node:path')
const { createInterface } = require('node:readline')
const { setTimeout: sleep } = require('node:timers/promises')
const { parseArgs } = require('node:util')
const { catchInterruption } = require('../dist/terminal/interruption.js')
const { cleanEnv } = require('../dist/demo/program.js')
const { createLab } = require('../dist/lab/lab.js')
const { defaults } = require('../dist/settings/settings.js')
const { expectedProbes } = require('./soak/arithmetic.cjs')
const {
  countAtGateway,
  countFlows,
  droppedByMachine,
  probesOfKernel,
} = require('./soak/gateway-counters.cjs')
const { judge } = require('./soak/judge.cjs')
const { probeTraffic } = require('./soak/probe-traffic.cjs')
const { report } = require('./soak/report.cjs')

const register = join(__dirname, '..', 'register.js')
const program = (name) => join(__dirname, 'soak', name)
const DELAY_SECONDS = 1
const AUDIT_MS = 5_000
const SAMPLES = 5

/**
 * Holds the connections, and proves each of them alive or dead. A client with the hook and one
 * without stand side by side behind the same NAT, each with a server of its own.
 */
async function soak({ connections, limitSeconds, limits, hook = register }, signal) {
  requireDescriptors(connections)
  const lab = await createLab({ limitSeconds, expiry: 'reset' })
  const stop = () => lab.close()
  signal?.addEventListener('abort', stop)
  try {
    signal?.throwIfAborted()
    return await soakIn(lab, { connections, limitSeconds, limits, hook })
  } finally {
    signal?.removeEventListener('abort', stop)
    await lab.close()
  }
}

async function soakIn(lab, { connections, limitSeconds, limits, hook }) {
  const addresses = [...lab.serverAddresses]
  for (const address of addresses) {
    await follow(start(lab, 'server', [program('server.cjs'), address])).hears('listening')
  }
  const readCounters = await countAtGateway(lab, addresses)
  const clients = addresses.map((address, i) => {
    const flags = ['--expose-gc', ...(i === 0 ? ['-r', hook] : [])]
    return follow(
      start(lab, 'client', [...flags, program('client.cjs'), address, connections, AUDIT_MS], {
        NAT_KEEPALIVE_AUDIT: `${AUDIT_MS}ms`,
        NAT_KEEPALIVE_LIMIT: `${limitSeconds}s`,
        NAT_KEEPALIVE_DELAY: `${DELAY_SECONDS}s`,
        NAT_KEEPALIVE_FORMAT: 'json',
      }),
    )
  })
  await Promise.all(clients.map((client) => client.hears('open')))
  // The connections of the client without the hook have to be forgotten before the first sample.
  await sleep(2 * limitSeconds * 1000)

  const read = async () => ({
    at: performance.now(),
    counters: await readCounters(),
    kernel: await probesOfKernel(lab),
    dropped: droppedByMachine(),
  })
  const heldSeconds = limitSeconds * limits
  const first = await read()
  const flows = []
  for (let sample = 1; sample <= SAMPLES; sample++) {
    const seconds = (heldSeconds * sample) / SAMPLES
    await sleep(first.at + seconds * 1000 - performance.now())
    const [withHook, without] = await countFlows(lab, addresses)
    flows.push({ seconds, with: withHook, without })
  }
  const last = await read()
  for (const client of clients) client.tell()
  const [withHook, without] = await Promise.all(
    clients.map(async (client) => {
      const { said, ...proved } = await client.hears('proved')
      return { ...proved, warnings: client.warnings() }
    }),
  )
  const result = {
    connections,
    limitSeconds,
    heldSeconds,
    limits,
    flows,
    with: withHook,
    without,
    probes: compare(first, last, connections),
    defaultDelaySeconds: defaults.longestDelayMs / 1000,
    machine: {
      node: process.version,
      kernel: os.release(),
      cpu: os.cpus()[0]?.model ?? 'unknown',
      cpus: os.cpus().length,
      date: new Date().toISOString().slice(0, 10),
    },
  }
  return { ...result, problems: judge(result) }
}

function requireDescriptors(connections) {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  // Node raises its own limit to the hard one.
  const [, hard] = /^Max open files\s+\S+\s+(\d+)/m.exec(limits) ?? []
  if (connections + 500 > Number(hard)) {
    throw new Error(
      `A process may have ${hard} descriptors here, too few for ${connections} connections: ` +
        'raise the hard limit (ulimit -H -n), or give a lower --connections.',
    )
  }
}

function start(lab, where, argv, env = {}) {
  return lab.spawn(where, [process.execPath, ...argv.map(String)], {
    env: { ...cleanEnv(process.env), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Follows what a program says, line by line; what it prints on stderr says why it ended. */
function follow(child) {
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text
  })
  child.stdin.on('error', () => {})
  const ended = once(child, 'close').then(([code, signal]) => {
    throw new Error(`A program of the soak ended with ${code ?? signal}. ${complaint.trim()}`)
  })
  ended.catch(() => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async hears(said) {
      const { value = '{}' } = await Promise.race([lines.next(), ended])
      const message = JSON.parse(value)
      if (message.said === said) return message
      return ended
    },
    tell: () => child.stdin.write('\n'),
    /** How often each code was warned of. */
    warnings() {
      const counts = {}
      for (const [, code] of complaint.matchAll(/"code":"(NKA\d{3})"/g)) {
        counts[code] = (counts[code] ?? 0) + 1
      }
      return counts
    },
  }
}

function compare(first, last, connections) {
  const seconds = (last.at - first.at) / 1000
  const between = (side, direction, unit) =>
    last.counters[side][direction][unit] - first.counters[side][direction][unit]
  const seen = between(0, 'probes', 'packets')
  const answers = between(0, 'answers', 'packets')
  const bytes = between(0, 'probes', 'bytes') + between(0, 'answers', 'bytes')
  const expected = Math.round(expectedProbes({ connections, seconds, delaySeconds: DELAY_SECONDS }))
  return {
    seconds: Number(seconds.toFixed(1)),
    delaySeconds: DELAY_SECONDS,
    expected,
    seen,
    answers,
    kernel: last.kernel - first.kernel,
    dropped: last.dropped - first.dropped,
    bytes,
    bytesPerPacket: Number((bytes / (seen + answers)).toFixed(2)),
    ratio: Number((seen / expected).toFixed(3)),
    withoutHook: between(1, 'probes', 'packets') + between(1, 'answers', 'packets'),
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      connections: { type: 'string', default: '10000' },
      limit: { type: 'string', default: '3' },
      limits: { type: 'string', default: '50' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  })
  const interruption = catchInterruption()
  try {
    const result = await soak(
      {
        connections: Number(values.connections),
        limitSeconds: Number(values.limit),
        limits: Number(values.limits),
      },
      interruption.signal,
    )
    const json = `${JSON.stringify(result, null, 2)}\n`
    process.stdout.write(values.json ? json : report(result))
    if (values.write) {
      writeFileSync(join(__dirname, 'soak-results.json'), json)
      writeFileSync(join(__dirname, '../docs/probe-traffic.md'), probeTraffic(result))
    }
    for (const problem of result.problems) console.error(problem)
    return result.problems.length === 0 ? 0 : 1
  } catch (error) {
    if (interruption.code !== null) return interruption.code
    console.error(error)
    return 1
  } finally {
    interruption.release()
  }
}

module.exports = { soak }

if (require.main === module) {
  main().then((code) => {
    process.exitCode = code
  })
}
