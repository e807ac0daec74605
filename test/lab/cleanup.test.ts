import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createLab } from '../../src/lab/lab'
import { root } from '../run-node'
import { needLab } from './need-lab'

const { NODE_OPTIONS: _, ...env } = process.env
const node = process.execPath
const built = join(root, 'dist/lab')
const bin = join(root, 'dist/bin.js')

let markers = 0

// A command that ignores every polite signal, recognised among all processes by its last argument.
function stubborn(): { marker: string; argv: string[] } {
  markers += 1
  const marker = `lab-marker-${process.pid}-${markers}`
  const script = 'trap "" INT TERM HUP; (sleep 1000 & sleep 1000) & while :; do sleep 1; done'
  return { marker, argv: ['sh', '-c', `echo on; ${script}`, marker] }
}

function processes(marker: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(marker)
    } catch {
      return false
    }
  })
}

function hostState(): { names: string; links: string[] } {
  const list = (args: string[]) => execFileSync('ip', args, { encoding: 'utf8' })
  return {
    names: list(['netns', 'list']),
    links: list(['-o', 'link']).match(/^\d+: \w+/gm) ?? [],
  }
}

async function disappears(marker: string): Promise<boolean> {
  const deadline = Date.now() + 5000
  while (processes(marker).length > 0) {
    if (Date.now() > deadline) return false
    await sleep(20)
  }
  return true
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.stdout?.once('data', () => resolve()))
}

function exit(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
}

t.test('close ends every command, and may be called again', async (t) => {
  if (!needLab(t)) return
  const before = hostState()
  const lab = await createLab()
  const { marker, argv } = stubborn()
  const child = lab.spawn('server', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  await started(child)
  t.ok(processes(marker).length >= 2, 'the helper and the command run')
  const other = stubborn()
  const waiting = lab.run('nat', other.argv)
  while (processes(other.marker).length < 2) await sleep(20)
  await Promise.all([lab.close(), lab.close()])
  const left = [...processes(marker), ...processes(other.marker)]
  t.strictSame(left, [], 'none is left when close resolves')
  t.equal(child.signalCode, 'SIGKILL')
  t.match(await waiting, { signal: 'SIGKILL' })
  await lab.close()
  t.strictSame(hostState(), before, 'names and links of this machine are as before')
  t.throws(() => lab.spawn('client', ['true']), { message: 'The lab is closed.' })
})

t.test('closing one lab leaves another alone', async (t) => {
  if (!needLab(t)) return
  const [one, two] = await Promise.all([createLab(), createLab({ expiry: 'drop' })])
  t.teardown(() => two.close())
  const { marker, argv } = stubborn()
  await started(two.spawn('client', argv, { stdio: ['ignore', 'pipe', 'inherit'] }))
  await one.close()
  t.ok(processes(marker).length >= 2)
  t.match(await two.run('client', ['echo', 'alive']), { stdout: 'alive\n' })
})

const endings = [
  { how: 'an uncaught exception', after: 'throw new Error("expected by a test")', code: 1 },
  { how: 'process.exit', after: 'process.exit(4)', code: 4 },
  { how: 'SIGKILL of itself', after: 'process.kill(process.pid, "SIGKILL")', code: 'SIGKILL' },
]
for (const { how, after, code } of endings) {
  t.test(`nothing outlives a program that ends by ${how}`, async (t) => {
    if (!needLab(t)) return
    const before = hostState()
    const { marker, argv } = stubborn()
    const program = `
      const { createLab } = require(${JSON.stringify(join(built, 'lab.js'))})
      createLab().then((lab) => {
        lab.spawn('client', ${JSON.stringify(argv)}, { stdio: 'inherit' })
        process.stdin.once('data', () => { ${after} })
      })
    `
    const child = spawn(node, ['-e', program], { env, stdio: ['pipe', 'pipe', 'ignore'] })
    const ended = exit(child)
    await started(child)
    t.ok(processes(marker).length >= 2)
    child.stdin?.write('now')
    t.equal(await ended, code)
    t.ok(await disappears(marker))
    t.strictSame(hostState(), before)
  })
}

t.test('close waits for the process that holds the lab', async (t) => {
  if (!needLab(t)) return
  const own = () =>
    execFileSync('ps', ['-o', 'args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
  const lab = await createLab()
  t.match(own(), /unshare/)
  await lab.close()
  t.notMatch(own(), /unshare/)
})

t.test('a lab that nobody closes does not keep a program alive', async (t) => {
  if (!needLab(t)) return
  const program = `
    const { createLab } = require(${JSON.stringify(join(built, 'lab.js'))})
    createLab().then(() => console.log('made'))
  `
  const child = spawn(node, ['-e', program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = exit(child)
  await started(child)
  t.equal(await Promise.race([ended, sleep(5000, 'still there')]), 0)
  child.kill('SIGKILL')
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  t.test(`nothing outlives the command line tool after ${signal}`, async (t) => {
    if (!needLab(t)) return
    const before = hostState()
    const server = stubborn()
    const serve = `exec sh -c '${server.argv[2]}' ${server.marker}`
    const polite = 'echo ready; exec sleep 1000'
    const child = spawn(
      node,
      [bin, 'lab', '--serve', `${serve} & sleep 0.5`, '--', 'sh', '-c', polite, server.marker],
      { env, stdio: ['ignore', 'pipe', 'ignore'] },
    )
    const ended = exit(child)
    await started(child)
    t.ok(processes(server.marker).length >= 3)
    child.kill(signal)
    t.equal(await ended, { SIGINT: 130, SIGTERM: 143, SIGKILL: 'SIGKILL' }[signal])
    t.ok(await disappears(server.marker))
    t.strictSame(hostState(), before)
  })
}
