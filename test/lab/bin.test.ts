import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../run-node'
import { needLab } from './need-lab'

const { NODE_OPTIONS: _, ...env } = process.env
const node = process.execPath
const bin = join(root, 'dist/lab/bin.js')

function cli(
  args: string[],
  options = {},
): { code: number | null; stdout: string; stderr: string } {
  const result = spawnSync(node, [bin, ...args], { env, encoding: 'utf8', ...options })
  return { code: result.status, stdout: String(result.stdout), stderr: String(result.stderr) }
}

const usage = [
  [[], 'The COMMAND to run as the client is missing.'],
  [['--'], 'The COMMAND to run as the client is missing.'],
  [['--limits', '5s', 'true'], 'The option --limits is unknown.'],
  [['--limit'], 'The option --limit needs a value.'],
  [
    ['--limit', '5', 'true'],
    'The option --limit has "5", which is no duration: give it a unit, such as 5s or 1m.',
  ],
  [
    ['--limit=500ms', 'true'],
    'The option --limit is "500ms", and has to be whole seconds, 1s to 24h.',
  ],
  [['--expiry', 'later', 'true'], 'The option --expiry is "later", and has to be reset or drop.'],
  [
    ['--outage', '3s', 'true'],
    'The option --outage is "3s", and has to be AT:FOR, such as 3s:10s.',
  ],
] as const
for (const [args, message] of usage) {
  t.test(`wrong usage: ${args.join(' ') || 'nothing'}`, async (t) => {
    const stderr = `lab: ${message} See --help.\n`
    t.strictSame(cli([...args]), { code: 2, stdout: '', stderr })
  })
}

t.test('--help is data', async (t) => {
  const { code, stdout, stderr } = cli(['--help'])
  t.equal(code, 0)
  t.equal(stderr, '')
  for (const option of ['--limit', '--expiry', '--serve', '--outage', '--flush']) {
    t.match(stdout, option)
  }
  for (const row of stdout.split('\n')) t.ok(row.length <= 80, row)
})

t.test('missing tools are named, with the command that installs them', async (t) => {
  t.strictSame(cli(['true'], { env: { PATH: '/no-such-folder' } }), {
    code: 69,
    stdout: '',
    stderr:
      'lab: The NAT lab needs ip, nft, unshare, nsenter, setsid, mount, sh in the PATH: ' +
      'install with `apt-get install -y iproute2 nftables util-linux mount dash`.\n',
  })
})

t.test('the command gets its environment, arguments, folder and stdio', async (t) => {
  if (!needLab(t)) return
  const script = 'cat; pwd; echo "$LAB_SERVER $LAB_LIMIT $LAB_EXPIRY" "$@"; echo talk >&2'
  const args = ['--limit', '1m', '--expiry=drop', '--', 'sh', '-c', script, 'sh', '--limit', 'a b']
  t.strictSame(cli(args, { input: 'in\n', cwd: __dirname }), {
    code: 0,
    stdout: `in\n${__dirname}\n198.51.100.2 60 drop --limit a b\n`,
    stderr: 'talk\n',
  })
})

t.test('the exit code is the command’s, or 128+n after a signal', async (t) => {
  if (!needLab(t)) return
  t.equal(cli(['sh', '-c', 'exit 7']).code, 7)
  t.equal(cli(['sh', '-c', 'kill -USR2 $$']).code, 140)
  t.equal(cli(['no-such-command']).code, 127)
})

t.test('a server is started first, and listens before the command runs', async (t) => {
  if (!needLab(t)) return
  const listen = (port: number) =>
    `${node} -e "console.log('talk'); require('net').createServer((s) => s.end('${port}')).listen(${port})"`
  const program = `
    for (const port of [7001, 7002]) {
      require('net').connect(port, process.env.LAB_SERVER).on('error', console.log).pipe(process.stdout)
    }`
  const { stdout, stderr } = cli([
    '--serve',
    listen(7001),
    '--serve',
    listen(7002),
    node,
    '-e',
    program,
  ])
  t.strictSame(stdout.match(/\d{4}/g)?.sort(), ['7001', '7002'])
  t.equal(stderr, 'talk\ntalk\n')
  const failed = cli(['--serve', 'exit 5', 'true'])
  t.strictSame(failed, { code: 0, stdout: '', stderr: 'lab: The server "exit 5" ended with 5.\n' })
})

t.test('outages and flushes happen on time', async (t) => {
  if (!needLab(t)) return
  const serve = `${node} -e "require('net').createServer((s) => s.resume()).listen(7000)"`
  const program = `
    const socket = require('net').connect(7000, process.env.LAB_SERVER)
    socket.on('error', (error) => { console.log(error.code); process.exit() })
    setTimeout(() => socket.write('x'), 4000)
    setTimeout(process.exit, 9000)`
  const { code, stdout, stderr } = cli([
    ...['--limit', '1m', '--flush', '2500ms', '--flush', '1h', '--outage', '2s:1s'],
    ...['--serve', serve, node, '-e', program],
  ])
  t.equal(code, 0)
  t.equal(stdout, 'ECONNRESET\n', 'the flow was made, and forgotten before the next packet')
  t.equal(
    stderr,
    'lab: The outage begins.\nlab: The NAT has forgotten every flow.\nlab: The outage is over.\n',
  )
})

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.stdout?.once('data', () => resolve()))
}

const forwarded = [
  ['SIGTERM', 'trap "exit 9" TERM; echo on; while :; do sleep 0.1; done', 9],
  ['SIGTERM', 'echo on; exec sleep 1000', 143],
  // The announcement comes from the inner process, because dash loses a SIGINT while it starts one.
  ['SIGINT', 'sh -c "echo on; exec sleep 1000"; echo no', 130],
  ['SIGINT', 'trap "" INT; echo on; sleep 1; exit 5', 5],
  ['SIGHUP', 'trap "exit 8" HUP; echo on; while :; do sleep 0.1; done', 8],
] as const
for (const [signal, script, expected] of forwarded) {
  t.test(`${signal} is forwarded to: ${script}`, async (t) => {
    if (!needLab(t)) return
    const child = spawn(node, [bin, 'sh', '-c', script], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    const ended = new Promise((resolve) => child.on('exit', resolve))
    await started(child)
    child.kill(signal)
    t.equal(await ended, expected)
  })
}

t.test('a user without privileges can have a lab', async (t) => {
  if (process.getuid?.() !== 0) {
    t.pass('every other test here has just shown that')
    return
  }
  if (!needLab(t)) return
  const folder = mkdtempSync(join(tmpdir(), 'lab-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  chmodSync(folder, 0o755)
  cpSync(join(root, 'dist'), folder, { recursive: true })
  const listen = `${node} -e "require('net').createServer((s) => s.end('served')).listen(80)"`
  const program = `
    require('net').connect(80, process.env.LAB_SERVER).on('error', console.log).pipe(process.stdout)`
  const result = spawnSync(
    node,
    [
      join(folder, 'lab/bin.js'),
      '--flush',
      '1ms',
      '--serve',
      listen,
      'sh',
      '-c',
      `cat /proc/self/uid_map; ${node} -e "$1"; sleep 1`,
      'sh',
      program,
    ],
    { env, cwd: '/', uid: 65534, gid: 65534, encoding: 'utf8' },
  )
  t.match(result, { status: 0, stderr: 'lab: The NAT has forgotten every flow.\n' })
  t.match(result.stdout, /^\s+0\s+65534\s+1\nserved$/)
})
