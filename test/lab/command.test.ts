import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../run-node'
import { needLab } from './need-lab'

const { NODE_OPTIONS: _, ...env } = process.env
const node = process.execPath
const bin = join(root, 'dist/bin.js')

function cli(
  args: string[],
  options = {},
): { code: number | null; stdout: string; stderr: string } {
  const result = spawnSync(node, [bin, 'lab', ...args], {
    env,
    encoding: 'utf8',
    timeout: 60_000,
    ...options,
  })
  return { code: result.status, stdout: String(result.stdout), stderr: String(result.stderr) }
}

const missing = 'The COMMAND to run is missing: it stands after --.'
const usage: readonly [args: readonly string[], message: string][] = [
  [[], missing],
  [['--'], missing],
  [['true'], 'The argument "true" is one too many.'],
  [['--limits', '5s', '--', 'true'], 'The option --limits is unknown.'],
  [
    ['--limit', '5', '--', 'true'],
    'The option --limit has "5", which is no duration: give it a unit, such as 5s or 1m.',
  ],
  [['--limit=500ms', '--', 'true'], 'The limit is 500ms, and the NAT takes 1 s to 24 h.'],
  [['--limit=1500ms', '--', 'true'], 'The limit is 1500ms, and the NAT takes whole seconds.'],
  [
    ['--limit=350s', '--scale', '1000', '--', 'true'],
    'The limit is 5m50s, which the scale 1000 makes 350 ms, and the NAT takes 1 s to 24 h.',
  ],
  [['--scale', '0', '--', 'true'], 'The scale is 0, and has to be a number from 1 to 1000000.'],
  [['--scale', 'ten', '--', 'true'], 'The option --scale is "ten", which is no number.'],
  [
    ['--expiry', 'later', '--', 'true'],
    'The option --expiry is "later", and has to be reset or drop.',
  ],
  [
    ['--probes', 'eat:', '--', 'true'],
    'The option --probes is "eat:", and has to be eat or eat:N.',
  ],
  [
    ['--outage', '3s', '--', 'true'],
    'The option --outage is "3s", and has to be AT:FOR, such as 3s:10s.',
  ],
  [
    ['--freeze', '3s:1s:1s', '--', 'true'],
    'The option --freeze is "3s:1s:1s", and has to be AT:FOR, such as 3s:10s.',
  ],
  [
    ['--like', 'aws-nat', '--', 'true'],
    'There is no middlebox "aws-nat": `nat-keepalive profiles` lists them.',
  ],
  [
    ['--like', 'aws-alb', '--', 'true'],
    'AWS Application Load Balancer and Classic Load Balancer works at layer 7: it ends connections itself, which no NAT can play.',
  ],
]
for (const [args, message] of usage) {
  t.test(`wrong usage: ${args.join(' ') || 'nothing'}`, async (t) => {
    const stderr = `nat-keepalive: ${message} See nat-keepalive lab --help.\n`
    t.strictSame(cli([...args]), { code: 2, stdout: '', stderr })
  })
}

const none = 'nat-keepalive: No connections died.\n'

t.test('missing tools are named, with the command that installs them', async (t) => {
  t.strictSame(cli(['--', 'true'], { env: { PATH: '/no-such-folder' } }), {
    code: 3,
    stdout: '',
    stderr:
      'nat-keepalive: The NAT lab needs ip, nft, unshare, nsenter, setsid, mount, sh in the PATH: ' +
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
    stderr: `talk\n${none}`,
  })
})

t.test('the exit code is the command’s, or 128+n after a signal', async (t) => {
  if (!needLab(t)) return
  t.equal(cli(['--', 'sh', '-c', 'exit 7']).code, 7)
  t.equal(cli(['--', 'sh', '-c', 'kill -USR2 $$']).code, 140)
  t.equal(cli(['--', 'no-such-command']).code, 127)
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
    '--',
    node,
    '-e',
    program,
  ])
  t.strictSame(stdout.match(/\d{4}/g)?.sort(), ['7001', '7002'])
  t.equal(stderr, `talk\ntalk\n${none}`)
  const failed = cli(['--serve', 'exit 5', '--', 'true'])
  t.strictSame(failed, {
    code: 0,
    stdout: '',
    stderr: `nat-keepalive: The server "exit 5" ended with 5.\n${none}`,
  })
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
    ...['--serve', serve, '--', node, '-e', program],
  ])
  t.equal(code, 1, 'a connection died')
  t.equal(stdout, 'ECONNRESET\n', 'the flow was made, and forgotten before the next packet')
  t.equal(
    stderr,
    'nat-keepalive: The outage begins.\n' +
      'nat-keepalive: The NAT has forgotten every flow.\n' +
      'nat-keepalive: The outage is over.\n' +
      'nat-keepalive: 1 connection died, 1 request was lost.\n',
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
    const child = spawn(node, [bin, 'lab', '--', 'sh', '-c', script], {
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
  const semver = 'node_modules/semver'
  cpSync(join(root, semver), join(folder, semver), { recursive: true })
  const listen = `${node} -e "require('net').createServer((s) => s.end('served')).listen(80)"`
  const program = `
    require('net').connect(80, process.env.LAB_SERVER).on('error', console.log).pipe(process.stdout)`
  const result = spawnSync(
    // The test runner's preload could not write its notes.
    'env',
    [
      '-u',
      'NODE_OPTIONS',
      node,
      join(folder, 'bin.js'),
      'lab',
      '--flush',
      '1ms',
      '--serve',
      listen,
      '--',
      'sh',
      '-c',
      `cat /proc/self/uid_map; ${node} -e "$1"; sleep 1`,
      'sh',
      program,
    ],
    { env, cwd: '/', uid: 65534, gid: 65534, encoding: 'utf8' },
  )
  t.match(result, {
    status: 0,
    stderr: `nat-keepalive: The NAT has forgotten every flow.\n${none}`,
  })
  t.match(result.stdout, /^\s+0\s+65534\s+1\nserved$/)
})
