import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { loadNative } from '../../../src/kernel/native'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { OutsideAuditor, type ProcessAudit } from '../../../src/outside/outside-auditor'
import { listen } from '../../loopback'
import { root, withEnv } from '../../run-node'

const options = { limitMs: 240_000, part: null, loopback: true }
const table =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'

/** A line of /proc/net/tcp, from 127.0.0.1 to 10.0.0.2:5432. `timer` is in hundredths of a second. */
function line(inode: number, tr: string, timer: number, state = '01'): string {
  const when = timer.toString(16).toUpperCase().padStart(8, '0')
  return (
    `   0: 0100007F:9C40 0200000A:1538 ${state} 00000000:00000000 ${tr}:${when} 00000000` +
    `     0        0 ${inode} 2 0000000000000000 20 4 30 10 -1`
  )
}

interface Captured {
  readonly fds: readonly number[]
  readonly lines: readonly string[]
  readonly cmdline?: string
  readonly name?: string
  /** In clock ticks since the machine started. */
  readonly startedAt?: number
  readonly namespace?: string
  /** Whether its descriptors cannot be read. */
  readonly denied?: boolean
  readonly kernel?: boolean
}

/** A captured /proc with these processes, on a machine that has been up for 10,000 seconds. */
function captured(t: Test, processes: Record<string, Captured>) {
  const link = (target: string) => t.fixture('symlink', target)
  const folders = Object.entries(processes).map(([pid, one]) => {
    const { name = 'node', startedAt = 999_000 } = one
    const flags = one.kernel ? 0x20_8040 : 0
    const before = Array.from({ length: 18 }, (_, at) => (at === 5 ? flags : 0)).join(' ')
    return [
      pid,
      {
        stat: `${pid} (${name}) S ${before} ${startedAt} 0 0`,
        cmdline: one.cmdline ?? 'node\0',
        comm: `${name}\n`,
        // A file, which cannot be listed.
        fd: one.denied
          ? ''
          : Object.fromEntries(one.fds.map((inode, fd) => [fd + 3, link(`socket:[${inode}]`)])),
        net: { tcp: `${[table, ...one.lines].join('\n')}\n`, tcp6: `${table}\n` },
        ns: { net: link(one.namespace ?? 'net:[1]') },
      },
    ]
  })
  const folder = t.testdir({
    ...Object.fromEntries(folders),
    self: { ns: { net: link('net:[1]') } },
    uptime: '10000.00 20000.00\n',
    cpuinfo: '',
    '1x': {},
    '012': {},
    sys: {
      net: {
        ipv4: {
          tcp_keepalive_time: '7200\n',
          tcp_keepalive_intvl: '75\n',
          tcp_keepalive_probes: '9\n',
        },
      },
    },
  })
  return new OutsideAuditor(createProcFs(folder, 'linux'), options)
}

function look(auditor: OutsideAuditor, pid: number): ProcessAudit {
  const { processes, unseen } = auditor.look([pid], false)
  const [audit] = processes
  if (audit === undefined) throw new Error(JSON.stringify(unseen))
  return audit
}

const idle: Captured = { fds: [], lines: [] }

t.test('the processes are the folders that are numbers, in order', (t) => {
  const auditor = captured(t, { 9: idle, 100: idle, 12: idle })
  t.strictSame(auditor.pids(), { known: true, value: [9, 12, 100] })
  t.equal(auditor.exists(12), true)
  t.equal(auditor.exists(13), false)
  t.end()
})

t.test('where there is no /proc, that is the reason', (t) => {
  const auditor = new OutsideAuditor(createProcFs('/proc', 'darwin'), options)
  t.match(auditor.pids(), { known: false, why: 'there is no /proc on darwin' })
  t.equal(auditor.exists(1), false)
  const nothing = { looked: 0, processes: [], unseen: [] }
  t.strictSame(captured(t, { 12: idle }).look([13], false), nothing, 'one that is gone')
  t.end()
})

t.test("a process's own connections are judged, and nobody else's", (t) => {
  const lines = [line(1, '00', 0), line(2, '02', 719_900), line(3, '00', 0), 'nonsense']
  const audit = look(captured(t, { 12: { fds: [1, 2], lines } }), 12)
  t.match(audit, { pid: 12, skippedLines: 1 })
  t.match(audit.sockets, [
    {
      inode: 1,
      remote: { address: '10.0.0.2', port: 5432 },
      state: 'established',
      word: { armed: false },
      judged: { verdict: 'at-risk', reason: /^Keepalive is off/ },
    },
    { inode: 2, word: { armed: true, nextTimerMs: 7_199_000 }, judged: { verdict: 'at-risk' } },
  ])
  t.equal(audit.sockets.length, 2)
  t.end()
})

t.test('the age is from the start of the process, whatever its name holds', (t) => {
  for (const name of ['node', 'a b', 'evil) S 1 2 (', ')']) {
    // Started 9,990 of 10,000 seconds after the machine.
    const auditor = captured(t, { 12: { ...idle, name, startedAt: 999_000 } })
    t.equal(look(auditor, 12).ageMs, 10_000, name)
  }
  const future = captured(t, { 12: { ...idle, startedAt: 1_000_100 } })
  t.equal(look(future, 12).ageMs, null, 'one that starts in the future has none')
  t.end()
})

t.test('the sysctls of another network namespace are not known', (t) => {
  const one = { fds: [1], lines: [line(1, '00', 0)] }
  const auditor = captured(t, { 12: one, 13: { ...one, namespace: 'net:[2]' } })
  t.match(look(auditor, 12).sysctls, { known: true })
  t.match(look(auditor, 13).sysctls, { known: false, why: /13 is in another network namespace/ })
  t.end()
})

t.test('of the command line no later argument is shown, and nothing that is no text', (t) => {
  const commands: Record<string, RegExp> = {
    '/usr/bin/node\0--secret\0token\0': /^node$/,
    'python3\0-c\0password\0': /^python3$/,
    '': /^$/,
  }
  for (const [cmdline, wanted] of Object.entries(commands)) {
    const auditor = captured(t, { 12: { ...idle, cmdline } })
    t.match(look(auditor, 12).command, wanted, JSON.stringify(cmdline))
  }
  const coloured = captured(t, { 12: { ...idle, cmdline: 'a\x1b[31mb\0' } })
  t.notOk(look(coloured, 12).command.includes('\x1b'))
  t.end()
})

t.test('who could not be looked into is counted, and threads of the kernel are not', (t) => {
  const denied = { ...idle, denied: true }
  const auditor = captured(t, { 12: idle, 13: denied, 14: { ...denied, kernel: true } })
  const { looked, processes, unseen } = auditor.look([12, 13, 14], true)
  t.strictSame([looked, processes], [1, []])
  t.equal(unseen.length, 1)
  t.match(unseen[0], { count: 1, processes: [{ pid: 13 }], action: /./ })
  t.end()
})

t.test('the table of a network namespace is read once for all of its processes', (t) => {
  const lines = [line(1, '00', 0), line(2, '00', 0)]
  const auditor = captured(t, {
    12: { fds: [1], lines },
    // Its own copy of the table would show nothing.
    13: { fds: [2], lines: [] },
    14: { fds: [2], lines: [], namespace: 'net:[2]' },
  })
  const { processes } = auditor.look([12, 13, 14], false)
  t.strictSame(
    processes.map(({ sockets }) => sockets.length),
    [1, 1, 0],
  )
  t.equal(processes[2]?.unplaced, 1, 'and one that is in no table is counted')
  t.end()
})

const linux = process.platform === 'linux'

/** A child that holds two connections to `port`: without keepalive, and with a first probe after 30 s. */
async function client(t: Test, port: number): Promise<ChildProcess> {
  const source = `
    const net = require('node:net')
    const { once } = require('node:events')
    const open = () => once(net.connect(${port}, '127.0.0.1'), 'connect')
    const asked = net.connect({ port: ${port}, host: '127.0.0.1', keepAlive: true, keepAliveInitialDelay: 30000 })
    Promise.all([open(), once(asked, 'connect')]).then(() => console.log('connected'))
    process.stdin.resume().on('end', () => process.exit())`
  const [command = '', ...args] = withEnv({}, [process.execPath, '-e', source])
  const child = spawn(command, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

t.test(
  'a real process: its connections, until it ends',
  { skip: !linux && 'no /proc' },
  async (t) => {
    const port = await listen(t)
    const child = await client(t, port)
    const pid = child.pid as number
    const native = loadNative()
    const part = native.known ? native.value : null
    const auditor = new OutsideAuditor(createProcFs(), { ...options, part })
    const pids = auditor.pids()
    t.ok(pids.known && pids.value.includes(pid) && pids.value.includes(process.pid))
    t.equal(auditor.exists(pid), true)

    const audit = look(auditor, pid)
    t.equal(audit.command.split(' ')[0], process.execPath.replace(/^.*\//, ''))
    t.ok(audit.ageMs !== null && audit.ageMs >= 0)
    t.ok(audit.sysctls.known)
    const sockets = audit.sockets.filter(({ remote }) => remote.port === port)
    const armed = sockets.map(({ word }) => word.armed).sort()
    t.same(armed, [false, true])
    const timer = sockets.find(({ word }) => word.armed)?.word.nextTimerMs ?? 0
    // The kernel's timer wheel rounds up by an eighth.
    t.ok(timer > 0 && timer <= 30_000 * 1.125, `${timer} ms`)
    const off = sockets.find(({ word }) => !word.armed)
    t.match(off, { remote: { address: '127.0.0.1' }, judged: { verdict: 'at-risk' } })
    t.equal(off?.source, native.known ? 'descriptor' : 'proc')
    t.equal(new Set(sockets.map(({ inode }) => inode)).size, 2)

    const ended = once(child, 'exit')
    child.stdin?.end()
    await ended
    t.equal(auditor.exists(pid), false)
    t.strictSame(auditor.look([pid], false).processes, [])
  },
)
