import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Report } from '../../src/index'
import { register, root, withEnv } from '../run-node'

const major = Number(process.versions.node.split('.')[0])
const isRoot = process.getuid?.() === 0

/** Says what it does, answers itself over a connection, and ends. Its report goes to descriptor 3. */
const program = `
  const net = require('node:net')
  const http = require('node:http')
  const { writeSync } = require('node:fs')
  const server = http.createServer((_request, response) => response.end('answer'))
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    const socket = net.connect(port, '127.0.0.1', () => {
      http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
        console.log('status', response.statusCode)
        response.on('data', (data) => console.log(String(data)))
      })
    })
    const handles = () => process.getActiveResourcesInfo().sort().join()
    setTimeout(() => {
      console.log(process.getuid(), handles())
      if (process.env.REPORT) {
        const { report } = require(${JSON.stringify(join(root, 'dist', 'index.js'))})
        writeSync(3, JSON.stringify(report()))
      }
      socket.destroy()
      server.close()
      process.exitCode = 7
    }, 1_500)
  })
  process.on('warning', ({ code }) => { if (!/^NKA/.test(code)) console.log('warning', code) })`

interface Ran {
  code: number | null
  stdout: string
  stderr: string
  report: string
}

/** `prefix` replaces itself with the command behind it. */
function run(
  prefix: readonly string[],
  flags: readonly string[],
  hook: Record<string, string> | null,
): Promise<Ran> {
  const preload = hook === null ? [] : ['-r', register]
  const env = hook === null ? {} : { REPORT: '1', ...hook }
  const node = [process.execPath, ...flags, ...preload, '-e', program]
  const [command = '', ...args] = withEnv(env, [...prefix, ...node])
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  const ran: Ran = { code: null, stdout: '', stderr: '', report: '' }
  const streams = { stdout: child.stdio[1], stderr: child.stdio[2], report: child.stdio[3] }
  for (const [name, stream] of Object.entries(streams)) {
    stream?.on('data', (data) => {
      ran[name as 'report'] += data
    })
  }
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', (code) => done({ ...ran, code }))
  })
}

/** Without the native part, which needs no /proc. */
const settings = {
  NAT_KEEPALIVE_NATIVE: 'off',
  NAT_KEEPALIVE_IDLE_WARN: '500ms',
  NAT_KEEPALIVE_AUDIT: '100ms',
  NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
  NAT_KEEPALIVE_FORMAT: 'json',
}

/** Runs the program there without the hook and with it; both say the same, and the hook's report. */
async function both(
  t: Test,
  prefix: readonly string[],
  flags: readonly string[] = [],
  hook: Record<string, string> = settings,
) {
  const [plain, hooked] = await Promise.all([run(prefix, flags, null), run(prefix, flags, hook)])
  t.match(plain.stdout, /status 200\nanswer\n/, 'the program works there without the hook')
  t.equal(hooked.stdout, plain.stdout, 'the program says the same')
  t.equal(hooked.code, 7, 'and ends as it wanted to')
  t.equal(plain.code, 7)
  const lines = hooked.stderr.split('\n').filter(Boolean)
  const said = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  const others = lines.filter((line) => !line.startsWith('{')).map(withoutPid)
  const before = plain.stderr.split('\n').filter(Boolean).map(withoutPid)
  t.strictSame(others, before, 'stderr has nothing but findings')
  t.ok(
    said.every(({ code }) => /^NKA(101|201|202)$/.test(code)),
    'and none of them is a failure',
  )
  const report = JSON.parse(hooked.report) as Report
  return { report, said, idle: said.filter(({ code }) => /^NKA20/.test(code)) }
}

function withoutPid(line: string): string {
  return line.replace(/\(node:\d+\)/, '(node:PID)')
}

/** A sentence that says what could not be read. */
function checkUnknown(
  t: Test,
  { report, idle }: Awaited<ReturnType<typeof both>>,
  why: RegExp,
  code = 'NKA201',
) {
  t.ok(report.sockets.length > 0, 'there are connections')
  for (const { kernel, verdict, reason } of report.sockets) {
    t.match({ kernel, verdict }, { kernel: { armed: null, nextTimerMs: null }, verdict: 'unknown' })
    t.match(kernel.why, why)
    t.match(reason, why)
  }
  t.match(idle, [{ code, verdicts: { safe: 0, 'at-risk': 0 }, reason: why }])
}

function checkSafe(t: Test, { report, idle }: Awaited<ReturnType<typeof both>>) {
  t.match(report.sockets, [{ kernel: { armed: true, why: null }, verdict: 'safe' }])
  t.strictSame(report.foreign, [])
  t.match(idle, [{ code: 'NKA201' }])
}

/** What changes the mounts of the command alone; null where that is not allowed. */
function mounting(script: string, ...flags: string[]): string[] | null {
  const users = isRoot ? [] : ['--user', '--map-root-user']
  const command = ['unshare', ...users, '--mount', ...flags, '--']
  const prefix = [...command, 'sh', '-euc', `${script}; exec "$@"`, 'sh']
  const [file = '', ...args] = [...prefix, 'true']
  return spawnSync(file, args).status === 0 ? prefix : null
}

function need<T>(t: Test, value: T | null, what: string): value is T {
  if (value !== null) return true
  if (process.env.REQUIRE_EVERYTHING === '1') t.fail(what)
  else t.pass(what, { skip: true })
  return false
}

const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--']
const NAMESPACES = 'This needs user namespaces, or root.'

t.test('where everything can be read, the verdict is known', async (t) => {
  checkSafe(t, await both(t, ['env']))
})

t.test('a process without /proc', async (t) => {
  const prefix = mounting('mount -t tmpfs tmpfs /proc')
  if (!need(t, prefix, NAMESPACES)) return
  const seen = await both(t, prefix)
  checkUnknown(t, seen, /\/proc\/self\/net\/tcp could not be read \(ENOENT\)/)
  t.match(seen.report, {
    foreign: null,
    foreignWhy: /\/proc\/self\/fd could not be read/,
    kernel: { sysctls: null, why: /\/proc\/sys\/net\/ipv4\/tcp_keepalive_\w+ could not be read/ },
  })
})

t.test('a process without /proc, with the native part', async (t) => {
  const prefix = mounting('mount -t tmpfs tmpfs /proc')
  if (!need(t, prefix, NAMESPACES)) return
  const { report, idle } = await both(t, prefix, [], { ...settings, NAT_KEEPALIVE_NATIVE: 'on' })
  t.equal(report.native, 'loaded')
  const kernel = { armed: true, why: null, options: { delayMs: 45_000 } }
  t.match(report.sockets, [{ kernel, verdict: 'safe' }])
  t.match(idle, [{ code: 'NKA201', verdicts: { safe: 1 } }])
  t.equal(report.foreign, null, 'descriptors are not known')
})

t.test('a process under the permission model', async (t) => {
  const flag = major >= 24 ? '--permission' : '--experimental-permission'
  if (!need(t, major >= 20 ? flag : null, 'This needs Node 20.')) return
  const flags = [flag, `--allow-fs-read=${root}/*`]
  const seen = await both(t, ['env'], major >= 25 ? [...flags, '--allow-net'] : flags)
  const why = /Node's permission model does not let this process read \/proc\//
  checkUnknown(t, seen, why)
  t.match(seen.report, { foreign: null, foreignWhy: why, kernel: { sysctls: null, why } })
})

t.test('a process without the tables of sockets', async (t) => {
  const prefix = mounting('mount -t tmpfs tmpfs /proc/$$/net')
  if (!need(t, prefix, NAMESPACES)) return
  const seen = await both(t, prefix)
  checkUnknown(t, seen, /\/proc\/self\/net\/tcp could not be read \(ENOENT\)/)
  t.match(seen.report, { foreign: null, kernel: { why: null } }, 'what can be read is known')
})

t.test('a process that may not read the tables of sockets', async (t) => {
  const folder = t.testdir({ tcp: '', tcp6: '' })
  chmodSync(folder, 0o755)
  for (const name of ['tcp', 'tcp6']) chmodSync(join(folder, name), 0)
  const prefix = isRoot ? mounting(`mount --bind '${folder}' /proc/$$/net`) : null
  if (!need(t, prefix, 'This needs root.')) return
  const seen = await both(t, [...prefix, ...nobody])
  checkUnknown(t, seen, /\/proc\/self\/net\/tcp could not be read \(EACCES\)/)
})

t.test('a process whose tables of sockets are garbled, empty, or folders', async (t) => {
  const tables: Record<string, string | null> = {
    garbled: '  sl  local_address rem_address   st\n   0: 0100007F:ZZZZ 0000 nonsense\n\n\0\xff\n',
    empty: '',
    folder: null,
  }
  const base = t.testdir({})
  for (const [name, text] of Object.entries(tables)) {
    const folder = join(base, name)
    mkdirSync(folder)
    for (const file of ['tcp', 'tcp6']) {
      if (text === null) mkdirSync(join(folder, file))
      else writeFileSync(join(folder, file), text, 'latin1')
    }
    const prefix = mounting(`mount --bind '${folder}' /proc/$$/net`)
    if (!need(t, prefix, NAMESPACES)) return
    const seen = await both(t, prefix)
    // What is not in a table that can be read is not known for another reason.
    if (text === null) checkUnknown(t, seen, /EISDIR/)
    else checkUnknown(t, seen, /is not in the kernel's table/, 'NKA202')
    if (name === 'garbled') t.ok(seen.report.kernel.skippedLines > 0, 'the lines are counted')
  }
})

t.test('a process without the sysctls', async (t) => {
  const prefix = mounting('mount -t tmpfs tmpfs /proc/sys')
  if (!need(t, prefix, NAMESPACES)) return
  const seen = await both(t, prefix)
  checkSafe(t, seen)
  t.match(seen.report.kernel, { sysctls: null, why: /could not be read \(ENOENT\)/ })
})

t.test('an unprivileged user', async (t) => {
  if (!need(t, isRoot ? nobody : null, 'This runs unprivileged anyway, unless as root.')) return
  checkSafe(t, await both(t, nobody))
})

t.test('an unprivileged user who sees only its own processes', async (t) => {
  // A process of a new namespace of processes is a child of unshare, which passes its exit code on.
  const hidden = mounting(
    'mount -t proc -o hidepid=2 proc /proc',
    '--pid',
    '--fork',
    '--kill-child',
  )
  if (!need(t, hidden, NAMESPACES)) return
  checkSafe(t, await both(t, isRoot ? [...hidden, ...nobody] : hidden))
})

t.test('a program that gives its privileges up', async (t) => {
  if (!need(t, isRoot ? true : null, 'This needs root.')) return
  // Of a process that did, /proc/PID belongs to root.
  const folder = t.testdir({ 'becomes-nobody.cjs': 'process.setgid(65534); process.setuid(65534)' })
  checkSafe(t, await both(t, ['env'], ['-r', join(folder, 'becomes-nobody.cjs')]))
})
