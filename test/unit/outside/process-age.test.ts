import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { OutsideAuditor, type ProcessAudit } from '../../../src/outside/outside-auditor'

const none = () => {}

interface Native {
  connectTo(port: number, keepIdleSeconds?: number): number
}

const { connectTo } = require('../../fixtures/native-socket.cjs') as Native

async function serve(t: Test): Promise<number> {
  const sockets = new Set<Socket>()
  const server = net.createServer((socket) => sockets.add(socket.on('error', none)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function look(auditor: OutsideAuditor, { pid }: ChildProcess): ProcessAudit {
  const [audit] = auditor.look([pid as number], false).processes
  if (audit === undefined) throw new Error(`${pid} could not be looked into.`)
  return audit
}

/** Without the native part, which would tell what is set on a connection. */
const byTables = { limitMs: 10_000, part: null, loopback: true }

t.test('a young process proves nothing about a connection that it has inherited', async (t) => {
  const port = await serve(t)
  // After 12 s, on a path that forgets after 10.
  const fd = connectTo(port, 12)
  await sleep(3_000)
  const heir = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  t.teardown(() => void heir.kill('SIGKILL'))
  await once(heir, 'spawn')
  const { ageMs, sockets } = look(new OutsideAuditor(createProcFs(), byTables), heir)
  const [socket] = sockets.filter(({ remote }) => remote.port === port)
  const left = socket?.word.nextTimerMs ?? Number.NaN
  t.ok(left < 10_000, `its timer looks good: ${left} ms`)
  t.ok(Number(ageMs) < 60_000, `and the process is young: ${ageMs} ms`)
  t.match(socket, { source: 'proc', judged: { verdict: 'unknown' } })
})

/** What a look says of the age of a process that was started at this tick, 100 s after boot. */
function ageAt(t: Test, startTime: string, uptime = '100.00 180.00\n'): number | null {
  const stat = `7 (a) b (c) S ${'0 '.repeat(18)}${startTime} 0 0\n`
  const proc = createProcFs(t.testdir({ uptime, 7: { stat, cmdline: 'x\0', fd: {} } }), 'linux')
  return look(new OutsideAuditor(proc, byTables), { pid: 7 } as ChildProcess).ageMs
}

t.test('the age of a process is known to a hundredth of a second', (t) => {
  const table: readonly [startTime: string, ageMs: number | null][] = [
    ['0', 100_000],
    ['9000', 10_000],
    ['9999', 10],
    ['10000', 0],
    // A process of another time namespace, which began later than now.
    ['10001', null],
    ['99999', null],
    ['x', null],
  ]
  for (const [startTime, ageMs] of table) {
    t.equal(ageAt(t, startTime), ageMs, startTime)
  }
  t.equal(ageAt(t, '0', 'x'), null)
  t.end()
})
