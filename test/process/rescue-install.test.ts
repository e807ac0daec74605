import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createProcFs } from '../../src/kernel/proc-fs'
import { signalOwner } from '../../src/rescue/signal-owner'
import { listen } from '../loopback'
import { optionsOfProcess } from '../oracle/options-of-process'
import { root, runNode, withEnv } from '../run-node'

const bin = join(root, 'dist', 'bin.js')

/** One inspector has the usual port at a time. */
t.jobs = 1

/** A program that connects at once, and again at each line it is given; it prints what happens. */
const source = `
  const open = () => connect(PORT, '127.0.0.1', () => console.log('connected'))
  open()
  process.stdin.on('data', open)
  process.on('SIGUSR2', () => {})
  process.on('SIGHUP', () => {})
  if (process.argv[2] === 'own') process.on('SIGUSR1', () => console.log('mine'))`

interface Program {
  readonly pid: number
  readonly port: number
  said(): string
  open(): Promise<void>
}

async function start(
  t: Test,
  { flags = [], args = [], esm = false, node = process.execPath } = {} as {
    flags?: string[]
    args?: string[]
    esm?: boolean
    node?: string
  },
): Promise<Program> {
  const port = await listen(t)
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-rescued-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, esm ? 'app.mjs' : 'app.cjs')
  const head = esm ? "import { connect } from 'net'" : "const { connect } = require('net')"
  writeFileSync(file, `${head}\n${source.replace('PORT', `${port}`)}`)
  const [command = '', ...rest] = withEnv({}, [node, ...flags, file, ...args])
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'ignore'] })
  const closed = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const connections = () => said.split('connected').length - 1
  const until = async (count: number) => {
    for (let again = 0; connections() < count && again < 300; again++) await sleep(50)
    if (connections() < count) throw new Error(`It does not connect: ${said}`)
  }
  await until(1)
  return {
    pid: child.pid as number,
    port,
    said: () => said,
    async open() {
      const before = connections()
      child.stdin.write('\n')
      await until(before + 1)
    },
  }
}

const rescue = (pid: number, ...args: string[]) =>
  runNode([bin, 'rescue', `${pid}`, '--install', '--loopback', '--json', ...args])

const idles = ({ pid, port }: Program) =>
  optionsOfProcess(pid, { remotePort: port }).map(({ on, idle }) => (on ? idle : 'off'))

for (const esm of [false, true]) {
  t.test(`a program of ${esm ? 'modules' : 'CommonJS'} gets the hook while it runs`, async (t) => {
    const program = await start(t, { esm })
    t.strictSame(idles(program), ['off'])
    const { code, stdout } = await rescue(program.pid)
    t.equal(code, 0)
    const [{ install, connections }] = JSON.parse(stdout).processes
    t.match(install, { outcome: 'installed', installed: { before: false, open: 1, closed: true } })
    t.match(install.installed.report.sockets, [{ remote: { port: program.port } }])
    t.equal(connections.length, 1)
    await program.open()
    t.strictSame(idles(program), [45, 45], 'what was open, and what came later')
    t.match(await rescue(program.pid), { code: 0, stdout: /"before": true/ }, 'once is enough')
    t.notMatch(program.said(), 'mine')
  })
}

t.test("a handler of the program's own is respected", async (t) => {
  const program = await start(t, { args: ['own'] })
  const owner = signalOwner(createProcFs(), program.pid)
  for (const more of [[], ['--sigusr1'], ['--dry-run']]) {
    const { code, stdout } = await rescue(program.pid, ...more)
    const [{ install }] = JSON.parse(stdout).processes
    if (owner.owner === 'unknown' && more.length > 0) continue
    t.equal(code, 3)
    t.equal(install.outcome, 'refused')
    t.match(install.refused.why, /handler of its own for SIGUSR1/)
  }
  await program.open()
  t.notMatch(program.said(), 'mine', 'it was sent no signal')
  t.strictSame(idles(program), [45, 'off'], 'its descriptors were rescued all the same')
})

t.test('whose the signal is', async (t) => {
  const proc = createProcFs()
  t.strictSame(signalOwner(proc, (await start(t)).pid), { owner: 'inspector' })
  t.strictSame(signalOwner(proc, (await start(t, { args: ['own'] })).pid), { owner: 'program' })
  const sleeper = spawn('sleep', ['60'])
  await once(sleeper, 'spawn')
  t.teardown(() => void sleeper.kill('SIGKILL'))
  t.strictSame(signalOwner(proc, sleeper.pid as number), { owner: 'nobody' })
  t.match(signalOwner(proc, 2 ** 30), { owner: 'unknown' })
})

t.test('who cannot have it is told why, and left alone', async (t) => {
  const program = await start(t)
  const missing = await rescue(program.pid, '--from', '/nowhere')
  t.match(missing, { code: 3, stdout: /no hook in its file system \(looked for in \/nowhere\)/ })
  const sleeper = spawn('sleep', ['60'])
  await once(sleeper, 'spawn')
  t.teardown(() => void sleeper.kill('SIGKILL'))
  t.match(await rescue(sleeper.pid as number), { code: 3, stdout: /it is not Node/ })
  t.equal(sleeper.exitCode, null)
  t.equal(sleeper.signalCode, null)
  const dry = await rescue(program.pid, '--dry-run')
  t.match(dry, { code: 0, stdout: /"outcome": "possible"/ })
  t.strictSame(idles(program), [45], 'its descriptors were rescued all the same')
})
