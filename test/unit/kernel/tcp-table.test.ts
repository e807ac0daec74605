import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  type CodedReading,
  createProcFs,
  type ProcFile,
  type ProcFs,
} from '../../../src/kernel/proc-fs'
import type { TcpSocket } from '../../../src/kernel/tcp-line'
import { type TcpScan, tcpTable } from '../../../src/kernel/tcp-table'
import { atOnce, inSlices } from '../../../src/process/steps'
import { root, runNode } from '../../run-node'
import { established, garbled, six, timeWait } from './tcp-lines'

/**
 * Captured on Linux 6.18 in a network namespace: connections over loopback, two to an address that
 * nobody has, a peer that does not read, and unacknowledged data after loopback was taken down.
 */
const captured = join(root, 'test/fixtures/proc')

interface Scanned {
  scan: TcpScan | string
  sockets: TcpSocket[]
}

/** The same table through both readers, which must agree. */
async function scanBoth(
  t: Test,
  proc: ProcFs,
  wanted: (localPort: number, inode: number, state: string) => boolean = () => true,
): Promise<Scanned> {
  const sockets: TcpSocket[] = []
  const visitor = (into: TcpSocket[]) => ({
    wanted,
    visit: (socket: TcpSocket) => void into.push(socket),
  })
  const reading = atOnce(tcpTable(proc, 'self', visitor(sockets)))
  const later: TcpSocket[] = []
  const sliced = await inSlices(tcpTable(proc, 'self', visitor(later)), setImmediate)
  t.same(sliced, reading, 'both readers say the same')
  t.same(later, sockets, 'both readers visit the same')
  return { scan: reading.known ? reading.value : reading.why, sockets }
}

/** A /proc whose tables hold these texts; null leaves one out. */
function procOf(t: Test, tcp: string | null, tcp6: string | null = null): ProcFs {
  const net = { ...(tcp !== null && { tcp }), ...(tcp6 !== null && { tcp6 }) }
  const root = t.testdir({ self: { net } })
  return createProcFs(root, 'linux')
}

t.test('reads every kind of line there is in the captured tables', async (t) => {
  const { scan, sockets } = await scanBoth(t, createProcFs(captured, 'linux'))
  t.same(scan, { lines: 21, skipped: 0 })
  const shown = sockets.map((socket) => {
    const local = `${socket.localAddress} ${socket.localPort}`
    const remote = `${socket.remoteAddress} ${socket.remotePort}`
    const { state, timer, whenMs, retransmits, probes, txQueue, rxQueue, inode } = socket
    const again = `${retransmits}+${probes}`
    return `${local} > ${remote} ${state} ${timer} ${whenMs} ${again} ${txQueue}:${rxQueue} ${inode}`
  })
  t.same(shown, [
    '127.0.0.1 8080 > 0.0.0.0 0 listen none 0 0+0 0:0 2071287',
    '127.0.0.1 8080 > 127.0.0.1 55430 established none 0 0+0 0:130021 2071419',
    '127.0.0.1 8080 > 127.0.0.1 55398 established none 0 0+0 0:0 2071298',
    '192.0.2.1 33792 > 192.0.2.9 443 syn-sent retransmit 260 0+0 1:0 2071508',
    '127.0.0.1 57320 > 127.0.0.1 9090 established keepalive 42350 0+0 0:0 2071293',
    '127.0.0.1 8080 > 127.0.0.1 55418 fin-wait-2 none 0 0+0 0:0 2071302',
    '127.0.0.1 55378 > 127.0.0.1 8080 established keepalive 42340 0+0 0:0 2071289',
    '127.0.0.1 55394 > 127.0.0.1 8080 established none 0 0+0 0:0 2071291',
    '127.0.0.1 55408 > 127.0.0.1 8080 time-wait time-wait 57350 0+0 0:0 0',
    '127.0.0.1 55418 > 127.0.0.1 8080 close-wait none 0 0+0 0:0 2071301',
    '127.0.0.1 55430 > 127.0.0.1 8080 established zero-window 870 0+0 3723910:0 2071418',
    '127.0.0.1 55444 > 127.0.0.1 8080 established retransmit 180 1+0 7:0 2071510',
    '127.0.0.1 8080 > 127.0.0.1 55444 established none 0 0+0 0:0 2071511',
    '127.0.0.1 8080 > 127.0.0.1 55378 established none 0 0+0 0:0 2071290',
    '127.0.0.1 8080 > 127.0.0.1 55394 established none 0 0+0 0:0 2071292',
    ':: 9090 > :: 0 listen none 0 0+0 0:0 2071288',
    '::1 57768 > ::1 9090 established keepalive 7197340 0+0 0:0 2071295',
    '127.0.0.1 9090 > 127.0.0.1 57320 established none 0 0+0 0:0 2071294',
    '::1 9090 > ::1 57768 established none 0 0+0 0:0 2071296',
    '127.0.0.1 55398 > 127.0.0.1 8080 established keepalive 297330 0+0 0:0 2071297',
    '2001:db8::1 49878 > 2001:db8::9 443 syn-sent retransmit 240 0+0 1:0 2071509',
  ])
})

t.test('only what is wanted is visited, the rest is counted', async (t) => {
  const asked: string[] = []
  const { scan, sockets } = await scanBoth(
    t,
    createProcFs(captured, 'linux'),
    (port, inode, state) => {
      asked.push(`${port} ${inode} ${state}`)
      return state === 'listen' || port === 55_408 || inode === 2_071_509
    },
  )
  t.same(scan, { lines: 21, skipped: 0 })
  t.equal(asked.length, 2 * 21)
  t.match(asked, ['8080 2071287 listen', '8080 2071419 established'])
  t.same(
    sockets.map((socket) => `${socket.localPort} ${socket.state}`),
    ['8080 listen', '55408 time-wait', '9090 listen', '49878 syn-sent'],
  )
})

t.test('garbled lines among others are counted and cost no other its place', async (t) => {
  const header = readFileSync(join(captured, 'self/net/tcp'), 'latin1').split('\n')[0]
  const bad = garbled.filter((line) => !line.startsWith(six.slice(0, 13)))
  const text = [header, established, ...bad.flatMap((line) => [line, timeWait]), ''].join('\n')
  const root = t.testdir({ self: { net: {} } })
  writeFileSync(join(root, 'self/net/tcp'), text, 'latin1')
  const { scan, sockets } = await scanBoth(t, createProcFs(root, 'linux'))
  t.same(scan, { lines: 1 + bad.length, skipped: bad.length })
  t.equal(sockets.length, 1 + bad.length)
})

t.test('what is not wanted is not looked at further', async (t) => {
  const proc = procOf(t, `${established.replace('00000057', 'zzzzzzzz')}\n${timeWait}\n`)
  const { scan } = await scanBoth(t, proc, (port) => port === 55_408)
  t.same(scan, { lines: 2, skipped: 0 })
})

t.test('tables that are not as expected', async (t) => {
  const header = '  sl  local_address'
  const table: readonly [string, string, TcpScan][] = [
    ['empty', '', { lines: 0, skipped: 0 }],
    ['a header', `${header}\n`, { lines: 0, skipped: 0 }],
    ['a header without an end', header, { lines: 0, skipped: 0 }],
    ['no header', `${established}\n`, { lines: 1, skipped: 0 }],
    ['no end', `${header}\n${established}`, { lines: 1, skipped: 0 }],
    ['a line cut short', `${header}\n${established.slice(0, 70)}`, { lines: 0, skipped: 1 }],
    ['two headers', `${header}\n${header}\n`, { lines: 0, skipped: 1 }],
    ['another first line', 'Active connections\n', { lines: 0, skipped: 1 }],
    ['lines of IPv6', `${header}\n${six}\n${six}\n`, { lines: 0, skipped: 2 }],
    ['carriage returns', `${header}\r\n${established}\r\n`, { lines: 1, skipped: 0 }],
    ['empty lines', `${header}\n\n\n${established}\n`, { lines: 1, skipped: 2 }],
    ['one endless line', 'x'.repeat(60_000), { lines: 0, skipped: 1 }],
  ]
  for (const [name, text, scan] of table) {
    t.same((await scanBoth(t, procOf(t, text))).scan, scan, name)
  }
  const endless = await scanBoth(t, procOf(t, `${'x'.repeat(1 << 20)}\n${established}\n`))
  t.equal((endless.scan as TcpScan).lines, 1, 'a megabyte without a newline')
})

t.test(
  'a table of IPv6 that is missing is empty; any other reason makes all unknown',
  async (t) => {
    t.same((await scanBoth(t, procOf(t, `${established}\n`))).scan, { lines: 1, skipped: 0 })
    const root = t.testdir({ self: { net: { tcp6: `${six}\n` } } })
    const proc = createProcFs(root, 'linux')
    t.same((await scanBoth(t, proc)).scan, `${root}/self/net/tcp could not be read (ENOENT)`)
    mkdirSync(join(root, 'self/net/tcp'))
    t.same((await scanBoth(t, proc)).scan, `${root}/self/net/tcp could not be read (EISDIR)`)
    rmSync(join(root, 'self/net'), { recursive: true })
    mkdirSync(join(root, 'self/net/tcp6'), { recursive: true })
    writeFileSync(join(root, 'self/net/tcp'), '')
    t.same((await scanBoth(t, proc)).scan, `${root}/self/net/tcp6 could not be read (EISDIR)`)
    const elsewhere = createProcFs(captured, 'darwin')
    t.same((await scanBoth(t, elsewhere)).scan, 'there is no /proc on darwin')
  },
)

t.test('another process is read by its number', (t) => {
  const root = t.testdir({ 4711: { net: { tcp: `${established}\n` } } })
  const visitor = { wanted: () => true, visit: () => {} }
  const reading = atOnce(tcpTable(createProcFs(root, 'linux'), 4_711, visitor))
  t.same(reading, { known: true, value: { lines: 1, skipped: 0 } })
  t.end()
})

/** A table of IPv4 whose reads return these texts, one after another. Counts what is done to it. */
function procOfReads(reads: readonly (string | Error)[]) {
  const count = { opened: 0, reads: 0, pooled: 0, closed: 0 }
  const open = (path: string): CodedReading<ProcFile> => {
    if (path !== 'self/net/tcp') return { known: false, why: 'missing', code: 'ENOENT' }
    const left = [...reads]
    count.opened++
    const read = (buffer: Buffer, offset: number): CodedReading<number> => {
      count.reads++
      const text = left.shift() ?? ''
      if (typeof text !== 'string') return { known: false, why: text.message, code: 'EIO' }
      return { known: true, value: buffer.write(text, offset, 'latin1') }
    }
    const readInPool = async (buffer: Buffer, offset: number): Promise<CodedReading<number>> => {
      count.pooled++
      return read(buffer, offset)
    }
    const close = () => void count.closed++
    return { known: true, value: { read, readInPool, close } }
  }
  return { count, proc: { ...createProcFs('/nowhere'), open } }
}

/** A line as long as the kernel makes it for IPv4. */
const padded = `${established.padEnd(149)}\n`

t.test('a page that is not full is the last that is asked for', async (t) => {
  const full = padded.repeat(27)
  const table: readonly [string, readonly string[], number, number][] = [
    ['one short page', [padded.repeat(3), 'never read'], 1, 3],
    ['26 of the 27 lines a page can hold', [padded.repeat(26), 'never read'], 1, 26],
    ['full pages, then a short one', [full, full, padded, 'never read'], 3, 55],
    ['full pages only', [full, full], 3, 54],
    ['a short page of 64 KB', [padded.repeat(436), padded.repeat(100), 'never read'], 2, 536],
    ['nothing', [], 1, 0],
  ]
  for (const [name, texts, reads, lines] of table) {
    const { proc, count } = procOfReads(texts)
    t.same((await scanBoth(t, proc)).scan, { lines, skipped: 0 }, name)
    t.same(count, { opened: 2, reads: 2 * reads, pooled: 1, closed: 2 }, name)
  }
})

t.test('a line may be cut anywhere between two reads', async (t) => {
  const text = padded.repeat(436)
  t.ok(text.length < 65_536)
  const root = t.testdir({ self: { net: {} } })
  for (const shift of [0, 1, 5, 40, 90, 148, 149]) {
    // A regular file fills the buffer of 64 KB, and cuts the line that is there.
    const first = 'x'.repeat(shift)
    writeFileSync(join(root, 'self/net/tcp'), `${first}\n${padded.repeat(1_500)}`)
    const { scan, sockets } = await scanBoth(t, createProcFs(root, 'linux'))
    t.same(scan, { lines: 1_500, skipped: 1 }, `${shift}`)
    t.ok(sockets.every((socket) => socket.inode === 2_071_418))
  }
})

t.test('a read that fails makes the table unknown, and the file is closed', async (t) => {
  for (const failing of [0, 1, 2]) {
    const full = padded.repeat(27)
    const { proc, count } = procOfReads([...Array(failing).fill(full), new Error('it broke')])
    const { scan, sockets } = await scanBoth(t, proc)
    t.equal(scan, 'it broke')
    t.equal(sockets.length, 27 * failing)
    t.match(count, { opened: 2, closed: 2 })
  }
})

t.test('an error of the visitor is its own, and the file is closed', async (t) => {
  const { proc, count } = procOfReads([padded])
  const visitor = {
    wanted: () => true,
    visit() {
      throw new Error('the visitor broke')
    },
  }
  t.throws(() => atOnce(tcpTable(proc, 'self', visitor)), /the visitor broke/)
  await t.rejects(inSlices(tcpTable(proc, 'self', visitor)), /the visitor broke/)
  t.match(count, { opened: 2, closed: 2 })
})

t.test(
  'the sliced scan pauses when its time is over, and asks the pool after a long read',
  async (t) => {
    const full = padded.repeat(27)
    const fake = procOfReads([...Array(30).fill(full), padded])
    const hold = (ms: number) => {
      const until = process.hrtime.bigint() + BigInt(ms * 1e6)
      while (process.hrtime.bigint() < until);
    }
    let pauses = 0
    let reads = 0
    const open = (path: string): CodedReading<ProcFile> => {
      const file = fake.proc.open(path)
      if (!file.known) return file
      const read = (buffer: Buffer, offset: number) => {
        // The tenth synchronous read is long.
        if (++reads === 10) hold(5)
        return file.value.read(buffer, offset)
      }
      return { known: true, value: { ...file.value, read } }
    }
    const pausesAt: number[] = []
    const reading = await inSlices(
      tcpTable({ ...fake.proc, open }, 'self', { wanted: () => true, visit: () => {} }),
      (next) => {
        pauses++
        pausesAt.push(fake.count.reads)
        setImmediate(next)
      },
    )
    t.same(reading, { known: true, value: { lines: 811, skipped: 0 } })
    t.ok(pauses >= 1)
    t.ok(pausesAt.includes(11), 'right after the long read')
    t.ok(fake.count.pooled >= 9, 'the first read, and eight after the long one')
    t.ok(fake.count.pooled < 31)
  },
)

const program = (body: string) => `
  const { createProcFs } = require('./dist/kernel/proc-fs.js')
  const { tcpTable } = require('./dist/kernel/tcp-table.js')
  const { inSlices } = require('./dist/process/steps.js')
  const visitor = { wanted: () => true, visit: () => {} }
  const scan = (pause) => inSlices(tcpTable(createProcFs(), 'self', visitor), pause)
  ${body}`

t.test('a scan does not hold the process, wherever it is', async (t) => {
  const again = "const { rest } = require('./dist/process/slices.js'); const f = () => rest(f); f()"
  for (const script of ['scan()', again]) {
    const { code, signal, stderr } = await runNode(['-e', program(script)])
    t.strictSame([code, signal, stderr], [0, null, ''], script)
  }
})

t.test('a scan that the end of the loop interrupts leaves nothing behind', async (t) => {
  const script = program(`
    let settled = false
    scan((next) => setTimeout(next, 1e6).unref()).then(() => { settled = true })
    process.on('exit', () => console.log(settled ? 'settled' : 'pending'))`)
  const { code, stderr } = await runNode(['-e', script])
  t.strictSame([code, stderr], [0, ''])
})

t.test('a scan goes on in a program that waits and does nothing', async (t) => {
  // With an immediate that is unref'd it would stand still until something else happens.
  const script = `
    const { rest } = require('./dist/process/slices.js')
    const hold = setTimeout(() => console.log('late'), 20_000)
    let left = 20
    const again = () => {
      if (--left > 0) return rest(again)
      clearTimeout(hold)
      console.log('done')
    }
    again()`
  const { stdout } = await runNode(['-e', script])
  t.equal(stdout, 'done\n')
})

t.test(
  'the kernel of this machine',
  { skip: process.platform !== 'linux' && 'no /proc' },
  async (t) => {
    const inbound: Socket[] = []
    const server = createServer((socket) => inbound.push(socket))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    t.teardown(() => {
      for (const socket of [...outbound, ...inbound]) socket.destroy()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const outbound = await Promise.all(
      [null, 45_000, 300_000].map(async (delay) => {
        const socket = connect(port, '127.0.0.1')
        await new Promise((done) => socket.once('connect', done))
        if (delay !== null) socket.setKeepAlive(true, delay)
        return socket
      }),
    )
    // Until it is accepted a connection has no inode.
    while (inbound.length < outbound.length) await new Promise(setImmediate)
    const mine = (localPort: number) =>
      localPort === port || outbound.some((socket) => socket.localPort === localPort)
    // Not scanBoth(): the table of this machine moves between two looks.
    const proc = createProcFs()
    for (const drive of [atOnce, inSlices]) {
      const seen: TcpSocket[] = []
      const visitor = { wanted: mine, visit: (socket: TcpSocket) => void seen.push(socket) }
      const reading = await drive(tcpTable(proc, 'self', visitor))
      t.match(reading, { known: true, value: { skipped: 0 } })
      const of = (socket: Socket | undefined) =>
        seen.find((line) => line.localPort === socket?.localPort && line.remotePort === port)
      const ends = { localAddress: '127.0.0.1', remoteAddress: '127.0.0.1', state: 'established' }
      t.match(of(outbound[0]), { ...ends, timer: 'none', whenMs: 0 })
      t.match(of(outbound[1]), { ...ends, timer: 'keepalive' })
      t.match(of(outbound[2]), { ...ends, timer: 'keepalive' })
      // The kernel's clock may be a tick ahead; a minute is for a machine that is busy.
      const near = (when: number | undefined, delay: number) =>
        when !== undefined && when <= delay + 100 && when > delay - 45_000
      t.ok(near(of(outbound[1])?.whenMs, 45_000), `${of(outbound[1])?.whenMs} of 45000 ms`)
      t.ok(near(of(outbound[2])?.whenMs, 300_000), `${of(outbound[2])?.whenMs} of 300000 ms`)
      t.match(
        seen.find((line) => line.state === 'listen'),
        { localPort: port, remotePort: 0 },
      )
      // Others on this machine may use the same local ports towards other servers.
      const own = seen.filter((line) => line.localPort === port || line.remotePort === port)
      const inodes = new Set(own.map((line) => line.inode).filter((inode) => inode > 0))
      t.equal(inodes.size, 7, 'both ends of three, and the listener')
    }
  },
)
