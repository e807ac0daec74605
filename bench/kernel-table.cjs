// What reading the kernel's socket table costs, against a bare read of the same table.
// Usage, after npm run build: node bench/kernel-table.cjs [--sockets 10000] [--rounds 15] [--json]
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { closeSync, openSync, readFileSync, readSync } = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const { join } = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { parseArgs } = require('node:util')

const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6']
const buffer = Buffer.allocUnsafeSlow(65_536)

const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
    hold: { type: 'boolean', default: false },
  },
})
const sockets = Number(values.sockets)
const rounds = Number(values.rounds)
if (!(Number.isInteger(sockets) && sockets >= 0 && Number.isInteger(rounds) && rounds > 0)) {
  console.error('--sockets and --rounds take whole numbers')
  process.exitCode = 2
} else if (values.hold) {
  hold(sockets)
} else {
  main().catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
}

/** Holds both ends of so many connections until standard input ends. */
function hold(count) {
  const clients = []
  const server = net.createServer((socket) => socket.on('error', () => {}))
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, async () => {
    const { port } = server.address()
    while (clients.length < count) {
      const batch = Array.from({ length: Math.min(200, count - clients.length) }, async () => {
        const socket = net.connect(port, '127.0.0.1')
        clients.push(socket)
        await once(socket, 'connect')
        socket.on('error', () => {})
        socket.setKeepAlive(true, 45_000)
      })
      await Promise.all(batch)
    }
    console.log('ready')
  })
  process.stdin.resume().on('end', () => {
    // A reset leaves no TIME_WAIT behind for the next measurement to read.
    for (const socket of clients) socket.resetAndDestroy?.() // Node 18.3 and newer
    setTimeout(() => process.exit(), 100)
  })
}

async function openConnections(count) {
  // Both ends are descriptors of the holder, which needs some for itself.
  const limit = Number(
    /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))[1],
  )
  const each = Math.min(9_000, Math.floor(limit / 2) - 100)
  const holders = []
  for (let left = count; left > 0; left -= each) {
    const args = [__filename, '--hold', '--sockets', String(Math.min(left, each))]
    const holder = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    holders.push(holder)
    const [first] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')])
    if (!String(first).startsWith('ready')) throw new Error('A holder of connections has failed.')
  }
  return {
    pids: holders.map((holder) => holder.pid),
    close: () =>
      Promise.all(
        holders.map(async (holder) => {
          const gone = once(holder, 'exit')
          holder.stdin.end()
          await gone
        }),
      ),
  }
}

/** Reads the tables and throws them away: to the end, or until a page is not full, as the scan does. */
function bareRead(toTheEnd) {
  for (const table of TABLES) {
    let descriptor
    try {
      descriptor = openSync(table)
    } catch {
      continue // without IPv6 there is no tcp6
    }
    for (let bytes = -1; bytes !== 0 && (toTheEnd || bytes === -1 || bytes > 3_872); ) {
      bytes = readSync(descriptor, buffer, 0, buffer.length, null)
    }
    closeSync(descriptor)
  }
}

async function cpuOf(work) {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** The longest time between two turns of the event loop while `work` is done. */
async function gapDuring(work) {
  let longest = 0
  let last = process.hrtime.bigint()
  let running = true
  const turn = () => {
    const now = process.hrtime.bigint()
    longest = Math.max(longest, Number(now - last) / 1e6)
    last = now
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  await new Promise((done) => setImmediate(done))
  running = false
  return longest
}

function summary(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = (share) => Number(sorted[Math.round((sorted.length - 1) * share)].toFixed(3))
  return { median: at(0.5), quartiles: [at(0.25), at(0.75)], max: at(1) }
}

async function main() {
  const dist = join(__dirname, '../dist/kernel')
  const { createProcFs } = require(join(dist, 'proc-fs.js'))
  const { readTcpTable, scanTcpTable } = require(join(dist, 'tcp-table.js'))
  const { scanSocketFds } = require(join(dist, 'socket-fds.js'))
  const proc = createProcFs()
  const connections = await openConnections(sockets)
  try {
    let visited = 0
    const all = { wanted: () => true, visit: () => visited++ }
    const none = { wanted: () => false, visit: () => visited++ }
    const scan = async (visitor) => {
      const reading = await scanTcpTable(proc, 'self', visitor)
      if (!reading.known) throw new Error(reading.why)
      return reading.value
    }
    const descriptors = async () => {
      for (const pid of connections.pids) await scanSocketFds(proc, pid)
    }
    const ways = {
      bare: () => bareRead(true),
      bareToShortPage: () => bareRead(false),
      allWanted: () => scan(all),
      noneWanted: () => scan(none),
      synchronous: () => readTcpTable(proc, 'self', all),
      descriptors,
    }
    const cpuMs = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
    const gaps = { idle: [], scan: [], descriptors: [] }
    const table = await scan(all)
    for (let round = -3; round < rounds; round++) {
      const names = Object.keys(ways)
      // Neither way may always be the one that runs on a warm cache.
      for (const name of round % 2 === 0 ? names : names.reverse()) {
        const cpu = await cpuOf(ways[name])
        if (round >= 0) cpuMs[name].push(cpu)
      }
      const began = Date.now()
      const scanGap = await gapDuring(ways.allWanted)
      const lasted = Date.now() - began
      const descriptorGap = await gapDuring(ways.descriptors)
      const idleGap = await gapDuring(() => sleep(lasted))
      if (round < 0) continue
      gaps.scan.push(scanGap)
      gaps.descriptors.push(descriptorGap)
      gaps.idle.push(idleGap)
    }
    const ratio = (name, base) => summary(cpuMs[name].map((cpu, round) => cpu / cpuMs[base][round]))
    const result = {
      connections: sockets,
      ...table,
      rounds,
      cpuMs: Object.fromEntries(Object.entries(cpuMs).map(([name, all]) => [name, summary(all)])),
      ratio: {
        allWanted: ratio('allWanted', 'bare'),
        noneWanted: ratio('noneWanted', 'bare'),
        synchronous: ratio('synchronous', 'bare'),
        allWantedToShortPage: ratio('allWanted', 'bareToShortPage'),
      },
      longestGapMs: Object.fromEntries(
        Object.entries(gaps).map(([name, all]) => [name, summary(all)]),
      ),
      machine: {
        node: process.version,
        kernel: os.release(),
        cpu: os.cpus()[0]?.model ?? 'unknown',
        cpus: os.cpus().length,
        memoryGb: Math.round(os.totalmem() / 2 ** 30),
        load: os.loadavg()[0],
      },
    }
    if (values.json) console.log(JSON.stringify(result, null, 2))
    else print(result)
  } finally {
    await connections.close()
  }
}

function print({ connections, lines, skipped, cpuMs, ratio, longestGapMs, machine, ...rest }) {
  const show = (label, { median, quartiles, max }, unit) => {
    const spread = `${quartiles[0].toFixed(2)} to ${quartiles[1].toFixed(2)}`
    const figures = [median.toFixed(2), spread, max.toFixed(2)]
    console.log(
      label.padEnd(44),
      figures[0].padStart(8),
      figures[1].padStart(18),
      figures[2].padStart(8),
      unit,
    )
  }
  const { node, kernel, cpu, cpus, memoryGb, load } = machine
  console.log(
    `${connections} loopback connections; both ends are in the table, with whatever else is`,
  )
  console.log(
    `open on this machine: ${lines} lines, ${skipped} not understood. ${rest.rounds} rounds.`,
  )
  console.log(
    `Node ${node}, Linux ${kernel}, ${cpus} x ${cpu}, ${memoryGb} GB, load ${load.toFixed(1)}`,
  )
  console.log()
  console.log(' '.repeat(44), 'median'.padStart(8), 'middle half'.padStart(18), 'max'.padStart(8))
  show('CPU: bare read', cpuMs.bare, 'ms')
  show('CPU: bare read that stops at a short page', cpuMs.bareToShortPage, 'ms')
  show('CPU: sliced scan, every line wanted', cpuMs.allWanted, 'ms')
  show('CPU: sliced scan, no line wanted', cpuMs.noneWanted, 'ms')
  show('CPU: synchronous, every line wanted', cpuMs.synchronous, 'ms')
  show('CPU: descriptors of the holders', cpuMs.descriptors, 'ms')
  show('ratio to bare: sliced, every line wanted', ratio.allWanted, '')
  show('ratio to bare: sliced, no line wanted', ratio.noneWanted, '')
  show('ratio to bare: synchronous', ratio.synchronous, '')
  show('ratio to bare to short page: sliced, all', ratio.allWantedToShortPage, '')
  show('longest gap: nothing going on', longestGapMs.idle, 'ms')
  show('longest gap: sliced scan', longestGapMs.scan, 'ms')
  show('longest gap: descriptors, sliced', longestGapMs.descriptors, 'ms')
}
