import { type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { renderAudit } from '../../../../src/cli/audit/render-audit'
import { exitCode } from '../../../../src/cli/commands/audit'
import type { KernelWord } from '../../../../src/kernel/kernel-word'
import type { AuditDocument } from '../../../../src/outside/audit-document'
import type { ProcessAudit } from '../../../../src/outside/outside-auditor'
import type { OutsideSocket } from '../../../../src/outside/outside-socket'
import { createPaint } from '../../../../src/terminal/terminal'
import { obeyed } from '../../../hostile'
import { fires } from '../../../kernel-words'
import { root, runNode, withEnv } from '../../../run-node'
import { matchExpected } from './expected'

const bin = join(root, 'dist', 'bin.js')
const plain = createPaint({ write() {} }, {})

const audit = (args: readonly string[], env: Record<string, string> = {}) =>
  runNode([bin, 'audit', ...args], { env })

async function listener(t: Test): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A Python program with four connections; what getsockopt says of each, by its local port. */
async function python(t: Test) {
  const port = await listener(t)
  const script = join(root, 'test', 'fixtures', 'python-client.py')
  const [command = '', ...args] = withEnv({}, ['python3', script, '127.0.0.1', String(port)])
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => void child.kill('SIGKILL'))
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const options: Record<string, { on: boolean; idle: number }> = JSON.parse(line)
  return { child, pid: child.pid as number, port, options }
}

/** The document, and the one process that it is about. */
function parse(stdout: string) {
  const document: AuditDocument = JSON.parse(stdout)
  const [process] = document.processes
  if (process === undefined) throw new Error(stdout)
  return { document, process }
}

t.test('a Python program: one look has the verdicts that getsockopt makes', async (t) => {
  const { pid, options } = await python(t)
  const { code, stdout, stderr } = await audit([`${pid}`, '--loopback', '--json'])
  t.strictSame([code, stderr], [1, ''])
  const { document, process } = parse(stdout)
  t.match(document, { schema: 2, looked: 1, unseen: [], native: { loaded: true } })
  t.match(process, { pid, command: /^python3 .*python-client\.py$/, node: false, hook: null })
  t.equal(process.sockets.length, 4)
  for (const { local, kernel, verdict, source, fds } of process.sockets) {
    const { on, idle } = options[String(local.port)] ?? { on: false, idle: 0 }
    t.equal(source, 'descriptor')
    t.equal(fds.length, 1)
    t.strictSame([kernel.armed, kernel.options?.delayMs], [on, idle * 1_000])
    t.equal(verdict, on && idle < 240 ? 'safe' : 'at-risk', JSON.stringify({ on, idle }))
    t.equal(kernel.unansweredProbes, 0)
    t.ok((kernel.lastAnswerMs ?? -1) >= 0)
  }
})

t.test('without the right to trace it, the timers are all there is', async (t) => {
  const { pid } = await python(t)
  const asked = withEnv({}, [process.execPath, bin, 'audit', `${pid}`, '--loopback', '--json'])
  const filter = join(root, 'test/native-part/programs/refuse.py')
  const refused = (call: string, argv: readonly string[]) => [
    '/usr/bin/python3',
    filter,
    call,
    ...argv,
  ]
  for (const [argv, source] of [
    [refused('pidfd_getfd', asked), 'sock_diag'],
    [refused('socket:4', refused('pidfd_getfd', asked)), 'proc'],
  ] as const) {
    const [command = '', ...args] = argv
    const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' })
    t.equal(status, 1)
    const { process } = parse(stdout)
    const { sockets } = process
    t.equal(process.refused, 'EPERM')
    t.strictSame([...new Set(sockets.map((socket) => socket.source))], [source])
    const said = sockets.map(({ kernel, verdict }) => `${kernel.armed} ${verdict}`).sort()
    t.strictSame(said, ['false at-risk', 'true at-risk', 'true at-risk', 'true unknown'])
  }
})

t.test('the limit of the path decides, wherever it was named', async (t) => {
  const { pid } = await python(t)
  const args = [`${pid}`, '--loopback', '--json']
  const verdicts = async (more: readonly string[], env: Record<string, string> = {}) => {
    const { stdout } = await audit([...args, ...more], env)
    const { sockets } = parse(stdout).process
    return sockets.filter(({ verdict }) => verdict === 'safe').length
  }
  t.equal(await verdicts([]), 1)
  t.equal(await verdicts([], { NAT_KEEPALIVE_LIMIT: '20s' }), 0)
  t.equal(await verdicts([], { NAT_KEEPALIVE_LIMIT: '1h' }), 2)
  t.equal(await verdicts(['--limit', '1h'], { NAT_KEEPALIVE_LIMIT: '20s' }), 2)
  const gcp = { NAT_KEEPALIVE_LIMIT: '20s' }
  t.equal(await verdicts(['--profile', 'gcp-firewall'], gcp), 1, 'an option beats the environment')
})

t.test('loopback is left out unless it is asked for, also among the findings', async (t) => {
  const { pid } = await python(t)
  const { code, stdout } = await audit(['--pid', `${pid}`])
  t.strictSame([code, stdout], [0, 'No outbound connections.\n'])
})

t.test('without a process every one is looked at, and inbound connections are none', async (t) => {
  const { pid, port } = await python(t)
  const { stdout } = await audit(['--loopback', '--json'])
  const { processes }: AuditDocument = JSON.parse(stdout)
  t.equal(processes.find((one) => one.pid === pid)?.sockets.length, 4)
  const own = processes.find((one) => one.pid === process.pid)
  t.notOk(
    own?.sockets.some(({ local }) => local.port === port),
    'the other ends are inbound',
  )
})

t.test('a process is found by its name', async (t) => {
  const { pid, port } = await python(t)
  for (const name of ['python-client.py', 'python3']) {
    const { stdout } = await audit([name, '--loopback', '--json'])
    const { processes }: AuditDocument = JSON.parse(stdout)
    const sockets = processes.find((one) => one.pid === pid)?.sockets ?? []
    t.strictSame([...new Set(sockets.map(({ remote }) => remote.port))], [port], name)
  }
  const none = await audit(['no-such-program'])
  t.strictSame([none.code, none.stdout], [2, ''])
  t.match(none.stderr, /No process is called "no-such-program"/)
})

t.test('from which verdict on it is a failure', async (t) => {
  const { pid } = await python(t)
  const code = async (args: readonly string[]) =>
    (await audit([`${pid}`, '--loopback', ...args])).code
  t.equal(await code(['--fail-on', 'dying']), 0)
  t.equal(await code(['--fail-on', 'never']), 0)
  t.equal(await code(['--fail-on', 'unknown']), 1)
  t.equal(await code(['--fail-on', 'safe']), 2)
})

t.test('a refused setting is wrong usage, and no verdict against another limit', async (t) => {
  const table: readonly [string[], Record<string, string>, RegExp][] = [
    [[], { NAT_KEEPALIVE_LIMIT: '60' }, /NAT_KEEPALIVE_LIMIT="60" was refused/],
    [[], { NAT_KEEPALIVE_PROFILE: 'aws' }, /NAT_KEEPALIVE_PROFILE="aws" was refused/],
    [[], { NAT_KEEPALIVE: 'off', NAT_KEEPALIVE_LIMIT: '60' }, /LIMIT="60" was refused/],
    [['--limit', '60'], {}, /--limit "60" was refused/],
    [['--profile', 'aws'], {}, /--profile "aws" was refused/],
    [['--limit', ''], {}, /--limit takes a value/],
  ]
  for (const [args, env, message] of table) {
    const { code, stdout, stderr } = await audit(args, env)
    t.strictSame([code, stdout], [2, ''])
    t.match(stderr, message)
    t.notMatch(stderr, /; using/)
  }
  const other = await audit([`${process.pid}`], { NAT_KEEPALIVE_LIMTI: '1' })
  t.equal(other.code, 0, 'one that has no part in the answer is said, and no more')
  t.match(other.stderr, /LIMTI/)
})

t.test('a process that is gone or no number gets a sentence', async (t) => {
  for (const args of [['--pid', '2147483'], ['2147483']]) {
    const gone = await audit(args)
    t.strictSame([gone.code, gone.stdout], [2, ''])
    t.match(gone.stderr, /^nat-keepalive: There is no process 2147483, [^\n]*\.\n$/)
  }
  const none = await audit(['--pid', 'mine'])
  t.equal(none.code, 2)
  t.match(none.stderr, /^nat-keepalive: The PID "mine" is no whole number from 1 on\.[^\n]*\n$/)
  const quiet = await audit(['--pid', String(process.pid), '--loopback'])
  t.equal(quiet.stderr, '')
})

t.test('beside the processes of others: never "nothing" where it could not look', async (t) => {
  if (process.getuid?.() !== 0) {
    t.pass('this user has no other user to look at', { skip: true })
    return
  }
  const { pid, port } = await python(t)
  // The checkout may lie where another user cannot read.
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const part of ['dist', 'native', 'node_modules/semver']) {
    cpSync(join(root, part), join(folder, part), { recursive: true })
  }
  chmodSync(folder, 0o755)
  const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const asOther = (args: readonly string[]) => {
    const argv = [...user, process.execPath, join(folder, 'dist', 'bin.js'), 'audit', ...args]
    const [command = '', ...rest] = withEnv({}, argv)
    return spawnSync(command, rest, { encoding: 'utf8', cwd: '/' })
  }
  const one = asOther([`${pid}`, '--loopback'])
  t.strictSame([one.status, one.stderr], [3, ''])
  t.match(one.stdout, /^1 process of another user \(uid 0\) could not be looked into\. Next: Run/)
  t.match(one.stdout, /No outbound connections were seen\.\n$/)
  // That its connections belong to a process which is not seen shows after two seconds.
  await sleep(2_500)
  const all = asOther(['--loopback', '--json'])
  const document: AuditDocument = JSON.parse(all.stdout)
  t.equal(all.status, 1, 'at risk, whoever has them')
  t.match(document.unseen[0], { reason: 'other-user', processes: [{ uid: 0 }] })
  const unseen = document.processes.find((found) => found.pid === null)?.sockets ?? []
  t.equal(unseen.filter(({ remote }) => remote.port === port).length, 4)
  const hidden = ['unshare', '--mount', 'sh', '-c']
  const remount = `mount -t proc -o hidepid=2 proc /proc && exec "$@"`
  const argv = [...user, process.execPath, join(folder, 'dist', 'bin.js'), 'audit']
  const [command = '', ...rest] = withEnv({}, [...hidden, remount, 'sh', ...argv])
  const invisible = spawnSync(command, rest, { encoding: 'utf8', cwd: '/' })
  t.match(invisible.stdout, /hidepid=2, which hides/)
  t.equal(invisible.status, invisible.stdout.includes('were seen') ? 3 : invisible.status)
})

t.test('--watch looks again until the process is gone', async (t) => {
  const { child, pid } = await python(t)
  const { code, stdout, stderr } = await runNode(
    [bin, 'audit', '--pid', String(pid), '--loopback', '--watch', '--json'],
    {
      onStart(audit) {
        let said = ''
        audit.stdout?.on('data', (text) => {
          said += text
          if (said.split('\n').length > 3) child.stdin.end()
        })
      },
    },
  )
  t.equal(code, 2)
  t.match(stderr, /There is no process/)
  const looks: AuditDocument[] = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  t.ok(looks.length >= 2, `${looks.length} looks`)
  const timers = looks.map(({ processes }) => {
    const safe = processes[0]?.sockets.find(({ verdict }) => verdict === 'safe')
    return safe?.kernel.nextTimerMs ?? 0
  })
  t.ok(
    timers.every((timer, at) => at === 0 || timer < (timers[at - 1] ?? 0)),
    `counts down: ${timers.join()}`,
  )
})

/** A process that does nothing with the connection which it has as its input. */
async function holding(t: Test, argv: readonly string[], options: SpawnOptions) {
  const socket = connect(await listener(t), '127.0.0.1')
  await once(socket, 'connect')
  const [command = '', ...args] = argv
  const child = spawn(command, args, { ...options, stdio: [socket, 'ignore', 'ignore'] })
  await once(child, 'spawn')
  socket.destroy()
  t.teardown(() => void child.kill('SIGKILL'))
  return child.pid as number
}

/** What an audit of the process says, as text and as data. */
async function audits(pid: number) {
  const args = ['--pid', String(pid), '--loopback']
  const [text, json] = await Promise.all([audit(args), audit([...args, '--json'])])
  t.strictSame([text.stderr, json.stderr], ['', ''])
  return { text: text.stdout, json: json.stdout, command: parse(json.stdout).process.command }
}

t.test('an argument is shown where it is a file, and never a connection string', async (t) => {
  const folder = t.testdir({ 'job.log': '' })
  const secret = 'postgres://user:SECRET@db/name'
  const table: readonly [argv: readonly string[], command: string][] = [
    [['tail', '-f', 'job.log'], 'tail job.log'],
    [['tail', '-f', join(folder, 'job.log')], `tail ${join(folder, 'job.log')}`],
    [['tail', secret, '-f', '/dev/null'], 'tail'],
    [['tail', '-f', '--', '/dev/null', secret], 'tail'],
  ]
  for (const [argv, shown] of table) {
    const { text, json, command } = await audits(await holding(t, argv, { cwd: folder }))
    t.equal(command, shown.length > 60 ? `${shown.slice(0, 60)}...` : shown)
    t.notMatch(`${text}${json}`, /SECRET|user:/)
    t.match(text, /^Process \d+: tail/)
  }
})

t.test('the name of a process and of its file are shown, and not obeyed', async (t) => {
  const name = 'job\nProcess 1: forged\x1b[2J'
  const folder = t.testdir({ [name]: '' })
  const options = { cwd: folder, argv0: `ta\x9b2Jil\x1b]0;t\x07\u202e` }
  const { text, json } = await audits(await holding(t, ['tail', '-f', name], options))
  t.strictSame(obeyed(`${text}${json}`), [])
  t.notMatch(text, /^Process 1: forged/m)
  t.match(text, 'job\\nProcess 1: forged')
  t.match(json, 'job\\\\nProcess 1: forged')
})

function connection(
  remote: string,
  port: number,
  word: Partial<KernelWord>,
  judged: OutsideSocket['judged'],
  more: Partial<OutsideSocket> = {},
): OutsideSocket {
  const keepalive = word.armed !== false
  return {
    inode: port,
    uid: 0,
    fds: [port],
    local: { address: '192.0.2.7', port: 40_000 + port },
    remote: { address: remote, port },
    state: 'established',
    word: { ...fires(0), nextTimerMs: null, ...word },
    times: { lastSentMs: 1_264_000, lastReceivedMs: 1_264_100, lastAnswerMs: 20_400 },
    options: { keepalive, delayMs: 45_000, intervalMs: 15_000, probes: 4, userTimeoutMs: null },
    source: 'descriptor',
    judged,
    ...more,
  }
}

const reason = {
  off: 'Keepalive is off; the path forgets it after 4m.',
  late: 'The first probe comes in 1h59m59s, but the path forgets it after 4m.',
  dying: '2 probes in a row have gone unanswered; the kernel gives it up in about 34s.',
  hidden: 'It is not known: unacknowledged data hides its keepalive timer.',
}

const pool = Array.from({ length: 300 }, (_, index) =>
  connection(
    '10.0.3.7',
    5432,
    { armed: false },
    { verdict: 'at-risk', reason: reason.off },
    { inode: 1_000 + index },
  ),
)

const sockets = [
  connection('198.51.100.9', 443, { nextTimerMs: 24_120 }, { verdict: 'safe', reason: '' }),
  ...pool,
  connection(
    '198.51.100.3',
    5671,
    { nextTimerMs: 3_210, unansweredProbes: 2 },
    { verdict: 'dying', reason: reason.dying },
  ),
  connection(
    '2001:db8::17',
    9092,
    { nextTimerMs: 7_199_000 },
    { verdict: 'at-risk', reason: reason.late },
    { options: null, source: 'sock_diag' },
  ),
  connection(
    '198.51.100.8',
    6379,
    { armed: null, unackedBytes: 117 },
    { verdict: 'unknown', reason: reason.hidden },
    { options: null, source: 'proc', times: null },
  ),
]

const nobody: Omit<ProcessAudit, 'sockets'> = {
  pid: null,
  command: '',
  uid: null,
  ageMs: null,
  container: null,
  pod: null,
  node: null,
  hook: null,
  sysctls: { known: false, why: 'not asked' },
  skippedLines: 0,
  unplaced: 0,
  refused: null,
}

const whole = {
  looked: 40,
  processes: [
    {
      ...nobody,
      pid: 77,
      command: 'python3 worker.py',
      unplaced: 2,
      sockets: sockets.slice(0, 1),
    },
    {
      ...nobody,
      pid: 1,
      command: 'node server.js',
      node: true,
      hook: { version: '0.2.0', by: 'NODE_OPTIONS' as const, file: null },
      container: { id: '0123456789ab', runtime: 'containerd' as const, podUid: 'x' },
      pod: 'web-7f9c-abcde',
      ageMs: 11_063_000,
      refused: 'EPERM',
      sockets,
    },
  ],
  unseen: [
    {
      reason: 'other-user' as const,
      count: 12,
      processes: [],
      why: '12 processes of another user (uid 0) could not be looked into.',
      action: 'Run this as root.',
    },
  ],
}

t.test('the whole output, in a pipe', async (t) => {
  const text = renderAudit(whole, 240_000, { paint: plain, width: 80, each: false })
  matchExpected(t, text, 'audit.txt')
  for (const line of text.split('\n')) t.ok(line.length <= 80, line)
  const each = renderAudit(whole, 240_000, { paint: plain, width: 80, each: true })
  t.equal(each.match(/^at risk {2}10\.0\.3\.7:5432 /gm)?.length, 300)
  t.match(each, /^VERDICT {2}REMOTE +LOCAL +FD +IDLE/m)
})

t.test('where nothing was seen and not all was looked into, nothing is known', async (t) => {
  const nothing = { ...whole, processes: [] }
  t.equal(exitCode(nothing, 1), 3)
  t.equal(exitCode({ ...nothing, unseen: [] }, 1), 0)
  t.equal(exitCode(whole, 1), 1)
  const safe = { ...nothing, processes: [{ ...nobody, sockets: sockets.slice(0, 1) }] }
  t.equal(exitCode(safe, 1), 0)
})

t.test('the whole help', async (t) => {
  const { code, stdout } = await audit(['--help'])
  t.equal(code, 0)
  matchExpected(t, stdout, 'help-audit.txt')
})
