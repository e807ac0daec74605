// What the registry and the auditor cost: memory for each idle connection, one look at all of them,
// one look that asks the kernel against a bare read of its table, and the heap over many connects.
// Usage, after npm run build:
//   node bench/auditor.cjs [--sockets 1000,10000,50000] [--connects 1000000] [--json]
const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const { closeSync, openSync, readSync } = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const { join } = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { parseArgs } = require('node:util')

const register = join(__dirname, '..', 'register.js')
const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '1000,10000,50000' },
    connects: { type: 'string', default: '1000000' },
    json: { type: 'boolean', default: false },
    part: { type: 'string' },
    count: { type: 'string' },
    to: { type: 'string' },
  },
})

const parts = { serve, memory, look, churn }
const job = values.part === undefined ? main() : parts[values.part]()
job.catch((error) => {
  console.error(error)
  // Its connections would hold the process.
  process.exit(1)
})

/** Accepts connections, and holds them until standard input ends. */
async function serve() {
  const server = net.createServer((socket) => socket.on('error', () => {}).resume())
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
    console.log(server.address().port)
  })
  process.stdin.resume().on('end', () => process.exit())
}

async function connect(port) {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket.on('error', () => {})
}

/** Opens connections to the servers in turn. */
async function open(count) {
  const ports = values.to.split(',').map(Number)
  const sockets = []
  while (sockets.length < count) {
    const batch = Math.min(100, count - sockets.length)
    const made = Array.from({ length: batch }, (_, i) =>
      connect(ports[(sockets.length + i) % ports.length]),
    )
    sockets.push(...(await Promise.all(made)))
  }
  return sockets
}

function heap() {
  for (let i = 0; i < 4; i++) global.gc()
  return process.memoryUsage().heapUsed
}

/** Heap for each idle connection, after the auditor has looked at it. */
async function memory() {
  const count = Number(values.count)
  const held = await open(100)
  await sleep(1_000)
  const before = heap()
  held.push(...(await open(count)))
  await sleep(4_000)
  say({ bytes: Math.round((heap() - before) / count) })
}

async function cpuOf(work) {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

async function medianOf(rounds, measure) {
  const seen = []
  for (let round = 0; round < rounds; round++) {
    seen.push(await measure())
    await sleep(20)
  }
  seen.sort((a, b) => a - b)
  return { median: seen[rounds >> 1], min: seen[0], max: seen[rounds - 1] }
}

/** One look with nothing past the threshold, and one that asks the kernel about every connection. */
async function look() {
  const sockets = await open(Number(values.count))
  const { auditor } = globalThis[Symbol.for('nat-keepalive.1')].hook().watch
  auditor.look()
  await sleep(500)
  const quiet = await medianOf(15, () => cpuOf(() => auditor.look()))
  const bare = []
  const asking = []
  for (let round = 0; round < 11; round++) {
    bare.push(await cpuOf(readTables))
    // Traffic ends the episode, so that the next look has something to tell.
    for (const socket of sockets) socket.write('x')
    await sleep(500)
    auditor.look()
    await sleep(Number(process.env.NAT_KEEPALIVE_IDLE_WARN.replace('ms', '')) + 200)
    const told = auditor.counters.idle
    asking.push(
      await cpuOf(async () => {
        auditor.look()
        while (auditor.counters.idle === told) await sleep(10)
      }),
    )
  }
  const middle = (list) => [...list].sort((a, b) => a - b)[list.length >> 1]
  say({ quiet, bare: middle(bare), asking: middle(asking) })
}

const buffer = Buffer.allocUnsafeSlow(65_536)

/** Reads the kernel's tables, and throws them away. */
function readTables() {
  for (const table of ['/proc/self/net/tcp', '/proc/self/net/tcp6']) {
    const descriptor = openSync(table)
    while (readSync(descriptor, buffer, 0, buffer.length, null) > 0);
    closeSync(descriptor)
  }
}

/** Connects and closes; the heap after a tenth and at the end. */
async function churn() {
  const count = Number(values.count)
  const port = Number(values.to.split(',')[0])
  const marks = []
  let done = 0
  const worker = async () => {
    while (done < count) {
      done++
      const socket = await connect(port)
      // A reset leaves no port behind in TIME_WAIT.
      socket.resetAndDestroy()
      await once(socket, 'close')
      if (done === Math.floor(count / 10)) marks.push(heap())
    }
  }
  await Promise.all(Array.from({ length: 50 }, worker))
  await sleep(1_500)
  marks.push(heap())
  say({ early: marks[0], late: marks[1] })
}

function say(result) {
  console.log(JSON.stringify(result))
  process.exit()
}

/** Runs a part of this file in a process of its own, with as many descriptors as there may be. */
function start(part, args, { hooked = false, env = {}, stderr = 'inherit' } = {}) {
  const flags = ['--expose-gc', ...(hooked ? ['-r', register] : [])]
  const command = [process.execPath, ...flags, __filename, '--part', part, ...args]
  return spawn('sh', ['-c', 'ulimit -n "$(ulimit -H -n)"; exec "$@"', 'sh', ...command], {
    stdio: ['pipe', 'pipe', stderr],
    env: { ...process.env, NAT_KEEPALIVE_SYSCTL: 'off', ...env },
  })
}

async function resultOf(child) {
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  return JSON.parse(String(line))
}

async function withServers(count, work) {
  const servers = Array.from({ length: count }, () => start('serve', []))
  try {
    const ports = await Promise.all(
      servers.map(async (server) => Number((await once(server.stdout, 'data'))[0])),
    )
    return await work(['--to', ports.join()])
  } finally {
    for (const server of servers) server.stdin.end()
  }
}

async function main() {
  const rows = []
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -H -n'])) || Number.POSITIVE_INFINITY
  for (const count of values.sockets.split(',').map(Number)) {
    if (count > limit - 500) {
      console.error(
        `${count} connections are left out: a process may have ${limit} descriptors here.`,
      )
      continue
    }
    // A server has 28,000 ports of ours at the most.
    await withServers(Math.ceil(count / 15_000), async (to) => {
      const args = ['--count', String(count), ...to]
      const audit = { NAT_KEEPALIVE_AUDIT: '1s', NAT_KEEPALIVE_IDLE_WARN: 'off' }
      const plain = await resultOf(start('memory', args))
      const hooked = await resultOf(start('memory', args, { hooked: true, env: audit }))
      const env = {
        NAT_KEEPALIVE_AUDIT: '1h',
        NAT_KEEPALIVE_IDLE_WARN: '3000ms',
        NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
        NAT_KEEPALIVE_FORMAT: 'json',
      }
      const looks = await resultOf(start('look', args, { hooked: true, env, stderr: 'ignore' }))
      rows.push({
        sockets: count,
        plainBytes: plain.bytes,
        addedBytes: hooked.bytes - plain.bytes,
        lookMs: looks.quiet,
        bareReadMs: looks.bare,
        askingMs: looks.asking,
        askingRatio: looks.asking / looks.bare,
      })
    })
  }
  const connects = Number(values.connects)
  const heaps =
    connects === 0
      ? null
      : await withServers(1, async (to) => {
          const args = ['--count', String(connects), ...to]
          const env = { NAT_KEEPALIVE_AUDIT: '1s' }
          return resultOf(start('churn', args, { hooked: true, env }))
        })
  const result = {
    node: process.version,
    cpu: os.cpus()[0].model,
    cpus: os.cpus().length,
    kernel: os.release(),
    date: new Date().toISOString().slice(0, 10),
    rows,
    churn: heaps === null ? null : { connects, ...heaps },
  }
  process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : render(result))
}

function render({ node, cpu, cpus, kernel, date, rows, churn: heaps }) {
  const ms = (value) => value.toFixed(1).padStart(8)
  const lines = [
    `Node ${node}, Linux ${kernel}, ${cpus} x ${cpu}, ${date}; CPU time in ms, medians`,
    ' sockets  bytes added  (socket)    look  bare read   asking   ratio',
    ...rows.map(
      (row) =>
        `${String(row.sockets).padStart(8)}${String(row.addedBytes).padStart(13)}` +
        `${`(${row.plainBytes})`.padStart(10)}${ms(row.lookMs.median)}${ms(row.bareReadMs).padStart(11)}` +
        `${ms(row.askingMs).padStart(9)}${row.askingRatio.toFixed(2).padStart(8)}`,
    ),
  ]
  if (heaps !== null) {
    const mb = (bytes) => (bytes / 1e6).toFixed(2)
    lines.push(
      `heap after ${heaps.connects / 10} connects ${mb(heaps.early)} MB, after ${heaps.connects} ${mb(heaps.late)} MB`,
    )
  }
  return `${lines.join('\n')}\n`
}
