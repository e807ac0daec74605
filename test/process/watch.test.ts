import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { root, withEnv } from '../run-node'

const bin = join(root, 'dist', 'bin.js')
const inTerminal = join(root, 'test', 'fixtures', 'in-terminal.py')

const SCREEN_ON = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const SCREEN_OFF = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H\x1b[J'

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal obeys and does not show
const unshown = /\x1b\[[?\d]*[a-zA-Z]|\r/g

/** A program with as many connections, and its PID. */
async function program(t: Test, count: number): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {}).resume()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const source = `
    const { connect } = require('node:net')
    const open = () => new Promise((done) => connect(${port}, '127.0.0.1', done).on('error', () => {}))
    Promise.all(Array.from({ length: ${count} }, open)).then(() => console.log('open'))`
  const [command = '', ...args] = withEnv({}, [process.execPath, '-e', source])
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return String(child.pid)
}

/** What a command writes on a real terminal, and its exit code; minus a signal where one ended it. */
async function onTerminal(
  steps: string,
  argv: readonly string[],
  env: Record<string, string | undefined> = {},
  onSaid: (said: string) => void = () => {},
): Promise<{ said: string; code: number }> {
  const wanted = { TERM: 'xterm', ...env }
  const [command = '', ...args] = withEnv(wanted, ['python3', inTerminal, steps, ...argv])
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  let [said, code] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
    onSaid(said)
  })
  child.stderr.setEncoding('utf8').on('data', (text) => (code += text))
  await once(child, 'close')
  clearTimeout(timer)
  return { said, code: Number(code || Number.NaN) }
}

const watch = (pid: string, ...more: string[]) => [
  process.execPath,
  bin,
  'audit',
  pid,
  '--loopback',
  '--watch',
  ...more,
]

/** The screens one after another, each a list of its lines. */
function screens(said: string): string[][] {
  return said
    .split(HOME)
    .slice(1)
    .map((text) => (text.split(SCREEN_OFF)[0] ?? '').replace(unshown, '').split('\n'))
}

t.test('--watch fills the other screen, follows the window, and leaves it as it was', async (t) => {
  const pid = await program(t, 30)
  const steps = '80x24,120x10,40x8,03'
  const { said, code } = await onTerminal(steps, watch(pid, '--all'))
  t.equal(code, 130, 'as a Ctrl-C ends a program')
  t.ok(said.startsWith(SCREEN_ON), 'nothing is written before it')
  t.ok(said.endsWith(SCREEN_OFF), 'nor behind it')
  const sizes = ['80x24', '120x10', '40x8']
  for (const size of sizes) {
    const part = size === '80x24' ? said.split('<')[0] : said.split(`<${size}>`)[1]?.split('<')[0]
    const [columns = 0, rows = 0] = size.split('x').map(Number)
    const seen = screens(part ?? '')
    t.ok(seen.length > 0, `it was drawn for ${size}`)
    for (const lines of seen) {
      t.equal(lines.length, rows, `${size}: as high as the window`)
      t.ok(Math.max(...lines.map((line) => line.length)) <= columns, `${size}: and no wider`)
      t.match(lines[0], /^\d\d:\d\d:\d\d - 30 outbound: /)
      const shown = lines.filter((line) => /^ {3}at risk /.test(line)).length
      t.equal(lines.at(-1), `… and ${30 - shown} more`)
    }
  }
})

t.test('a Ctrl-Z gives the screen back, and takes it again', async (t) => {
  const pid = await program(t, 1)
  const { said, code } = await onTerminal('80x24,1a,stop,cont,03', watch(pid))
  t.equal(code, 130)
  const stopped = said.slice(said.indexOf('<1a>'), said.indexOf('<stop>'))
  t.ok(stopped.endsWith(SCREEN_OFF), JSON.stringify(stopped))
  const [, again = ''] = said.split('<cont>')
  t.ok(again.startsWith(`${SCREEN_ON}${HOME}`), JSON.stringify(again))
  t.ok(said.endsWith(SCREEN_OFF))
})

t.test('it ends with what it looks at, and says so where it is seen', async (t) => {
  const pid = await program(t, 1)
  let ended = false
  const { said, code } = await onTerminal('80x24', watch(pid), {}, (said) => {
    if (ended || !said.includes(HOME)) return
    ended = true
    process.kill(Number(pid), 'SIGKILL')
  })
  t.equal(code, 2)
  const [, after = ''] = said.split(SCREEN_OFF)
  t.match(after, `nat-keepalive: There is no process ${pid}`)
})

t.test('it ends when its terminal is gone, whether or not it is told', async (t) => {
  const pid = await program(t, 1)
  const { said, code } = await onTerminal('80x24,hangup', watch(pid))
  t.ok(said.startsWith(SCREEN_ON))
  t.equal(code, -1, 'as SIGHUP ends a program')
  // In a session of its own it is told nothing. The shell stays, and tells of its end.
  const script = '"$@"; echo $? >&3'
  const untold = ['setsid', '-w', 'sh', '-c', `exec 3>"$0"; ${script}`]
  const file = join(t.testdir({ code: '' }), 'code')
  await onTerminal('80x24,hangup', [...untold, file, ...watch(pid)])
  for (let waited = 0; waited < 200 && readFileSync(file, 'utf8') === ''; waited++) {
    await sleep(50)
  }
  t.equal(readFileSync(file, 'utf8'), '129\n')
})

t.test('it ends when nobody reads its pipe', async (t) => {
  const pid = await program(t, 1)
  for (const more of [[], ['--json']]) {
    const [command = '', ...args] = withEnv({}, watch(pid, ...more))
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    t.teardown(() => void child.kill('SIGKILL'))
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
    const [first] = await once(child.stdout.setEncoding('utf8'), 'data')
    t.match(first, more.length > 0 ? /^\{"schema":2/ : /^\d\d:\d\d:\d\d\nProcess \d+: node/)
    child.stdout.destroy()
    const [code, signal] = await once(child, 'close')
    t.ok(code === 143 || signal === 'SIGTERM', `${code} ${signal}`)
    t.equal(said, '')
  }
})

t.test('a terminal that obeys nothing gets one look below the other', async (t) => {
  const pid = await program(t, 1)
  const { said, code } = await onTerminal('80x24,03', watch(pid), { TERM: 'dumb' })
  t.equal(code, 130)
  t.notMatch(said, '\x1b')
})
