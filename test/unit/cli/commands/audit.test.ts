import { type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { renderAudits } from '../../../../src/cli/commands/audit'
import type { JudgedForeign } from '../../../../src/judge/native-groups'
import type { KernelWord } from '../../../../src/kernel/kernel-word'
import type { Report } from '../../../../src/report/report'
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

t.test('a Python program: the verdicts are what getsockopt makes them', async (t) => {
  const { pid, options } = await python(t)
  const { code, stdout, stderr } = await audit(['--pid', String(pid), '--loopback', '--json'])
  t.strictSame([code, stderr], [1, ''])
  const report: Report = JSON.parse(stdout)
  t.match(report, { schema: 1, pid, command: /^python3 .*python-client\.py$/, settings: null })
  t.equal(report.foreign?.length, 4)
  for (const { local, kernel, verdict } of report.foreign ?? []) {
    const { on, idle } = options[String(local.port)] ?? { on: false, idle: 0 }
    t.equal(kernel.armed, on)
    // A single look cannot tell 20 s from two hours near their end.
    t.equal(verdict, on && idle < 240 ? 'unknown' : 'at-risk', JSON.stringify({ on, idle }))
    t.equal(kernel.unansweredProbes, 0)
  }
})

t.test('the limit of the path decides', async (t) => {
  const { pid } = await python(t)
  const args = ['--pid', String(pid), '--loopback', '--json']
  const verdicts = async (limit: string) => {
    const { stdout } = await audit(args, { NAT_KEEPALIVE_LIMIT: limit })
    const { foreign }: Report = JSON.parse(stdout)
    return foreign?.map(({ verdict }) => verdict).sort()
  }
  t.strictSame(await verdicts('20s'), ['at-risk', 'at-risk', 'at-risk', 'at-risk'])
  t.strictSame(await verdicts('1h'), ['at-risk', 'at-risk', 'unknown', 'unknown'])
})

t.test('loopback is left out unless it is asked for, also among the findings', async (t) => {
  const { pid } = await python(t)
  const { code, stdout } = await audit(['--pid', String(pid)])
  t.strictSame([code, stdout], [0, 'No outbound connections.\n'])
})

t.test('without a process every one is looked at, and inbound connections are none', async (t) => {
  const { pid } = await python(t)
  const { stdout } = await audit(['--loopback', '--json'])
  const reports: Report[] = JSON.parse(stdout)
  t.equal(reports.find((report) => report.pid === pid)?.foreign?.length, 4)
  const own = reports.find((report) => report.pid === process.pid)
  t.notOk(
    own?.foreign?.some(({ remote }) => remote.port === pid),
    'the other ends are inbound',
  )
})

t.test('a process that is gone, foreign or no number gets a sentence', async (t) => {
  const gone = await audit(['--pid', '2147483'])
  t.strictSame([gone.code, gone.stdout], [2, ''])
  t.match(gone.stderr, /^nat-keepalive: There is no process 2147483, [^\n]*\.\n$/)
  const none = await audit(['--pid', 'mine'])
  t.equal(none.code, 2)
  t.match(none.stderr, /^nat-keepalive: The process "mine" is not a number\.[^\n]*\n$/)
  const quiet = await audit(['--pid', String(process.pid), '--loopback'])
  t.equal(quiet.stderr, '')
})

t.test('the processes of another user', async (t) => {
  if (process.getuid?.() !== 0) {
    t.pass('this user has no other user to look at', { skip: true })
    return
  }
  const { pid } = await python(t)
  // The checkout may lie where another user cannot read.
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const part of ['dist', 'node_modules/semver']) {
    cpSync(join(root, part), join(folder, part), { recursive: true })
  }
  chmodSync(folder, 0o755)
  const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const argv = [
    ...user,
    process.execPath,
    join(folder, 'dist', 'bin.js'),
    'audit',
    '--pid',
    String(pid),
  ]
  const [command = '', ...rest] = withEnv({}, argv)
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', cwd: '/' })
  t.strictSame([status, stdout], [2, ''])
  t.match(stderr, /^nat-keepalive: The connections of process \d+ cannot be read: .*EACCES.*\n$/)
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
  const looks: Report[] = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  t.ok(looks.length >= 2, `${looks.length} looks`)
  const timers = looks.map(
    ({ foreign }) => foreign?.find(({ verdict }) => verdict === 'unknown')?.kernel.nextTimerMs ?? 0,
  )
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
  return { text: text.stdout, json: json.stdout, command: JSON.parse(json.stdout).command }
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
    t.notMatch(`${text}${json}`, /SECRET|user/)
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
  judged: JudgedForeign['judged'],
): JudgedForeign {
  return {
    inode: port,
    fds: [port],
    local: { address: '192.0.2.7', port: 40_000 + port },
    remote: { address: remote, port },
    state: 'established',
    word: { ...fires(0), nextTimerMs: null, ...word },
    judged,
    holder: null,
    options: null,
  }
}

t.test('the whole output, in a pipe', async (t) => {
  const off = 'Keepalive is off; the path forgets it after 4m.'
  const sockets = [
    connection('198.51.100.9', 443, { nextTimerMs: 44_120 }, { verdict: 'safe', reason: '' }),
    connection('198.51.100.4', 5432, { armed: false }, { verdict: 'at-risk', reason: off }),
    connection('198.51.100.4', 5433, { armed: false }, { verdict: 'at-risk', reason: off }),
    connection(
      '198.51.100.3',
      5671,
      { nextTimerMs: 3_210, unansweredProbes: 2 },
      {
        verdict: 'dying',
        reason: '2 probes in a row have gone unanswered; when the kernel gives it up is not known.',
      },
    ),
    connection(
      '2001:db8::17',
      9092,
      { nextTimerMs: 7_199_000 },
      {
        verdict: 'at-risk',
        reason: 'The first probe comes in 1h59m59s, but the path forgets it after 4m.',
      },
    ),
    connection(
      '198.51.100.8',
      6379,
      { armed: null, why: 'unacknowledged data hides its keepalive timer' },
      {
        verdict: 'unknown',
        reason: 'It is not known: unacknowledged data hides its keepalive timer.',
      },
    ),
  ]
  const about = { sysctls: { known: false, why: 'not asked' }, skippedLines: 0 } as const
  const text = renderAudits(
    [
      { ...about, pid: 1, command: 'node server.js', ageMs: 11_063_000, sockets },
      {
        ...about,
        pid: 77,
        command: 'python3 worker.py',
        ageMs: null,
        sockets: sockets.slice(0, 1),
      },
    ],
    240_000,
    { paint: plain, width: 80 },
  )
  matchExpected(t, text, 'audit.txt')
  for (const line of text.split('\n')) t.ok(line.length <= 80, line)
})

t.test('the whole help', async (t) => {
  const { code, stdout } = await audit(['--help'])
  t.equal(code, 0)
  matchExpected(t, stdout, 'help-audit.txt')
})
