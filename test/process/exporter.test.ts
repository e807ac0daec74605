import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { needMounts, runMounted, temporaryFolder } from '../examples/mounts'
import { root, runNode, withEnv } from '../run-node'

const bin = join(root, 'dist/bin.js')

async function start(t: Test, args: readonly string[], cwd = root) {
  const [command = '', ...rest] = withEnv({}, [process.execPath, bin, 'exporter', ...args])
  const child = spawn(command, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

function line(child: ChildProcess): Promise<string> {
  const input = child.stderr as NodeJS.ReadableStream
  return new Promise((resolve) => createInterface({ input }).once('line', resolve))
}

const exit = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve))

const wrong: readonly [args: readonly string[], says: RegExp][] = [
  [['--listen', '9464'], /--listen is "9464", and has to be ADDRESS:PORT/],
  [['--listen', 'example.com:1'], /has to be ADDRESS:PORT/],
  [['--listen', '127.0.0.1:65536'], /has to be ADDRESS:PORT/],
  [['--every', '30'], /--every is "30"/],
  [['--every', '10ms'], /--every is "10ms"/],
  [['--label-sets', '0'], /--label-sets is "0"/],
]
for (const [args, says] of wrong) {
  t.test(`wrong usage: ${args.join(' ')}`, async (t) => {
    const { code, stderr } = await runNode([bin, 'exporter', ...args])
    t.equal(code, 2)
    t.match(stderr, says)
  })
}

t.test('a refused setting is wrong usage, and no other limit', async (t) => {
  const env = { NAT_KEEPALIVE_LIMIT: '350' }
  const { code, stderr } = await runNode([bin, 'exporter'], { env })
  t.equal(code, 2)
  t.match(stderr, 'NAT_KEEPALIVE_LIMIT="350" was refused')
})

t.test('it listens on loopback, answers, and ends in order', async (t) => {
  const child = await start(t, ['--listen', '127.0.0.1:0'])
  const [, origin = ''] = /at (http:\/\/127\.0\.0\.1:\d+)\/metrics\.$/.exec(await line(child)) ?? []
  const text = await (await fetch(`${origin}/metrics`)).text()
  t.match(text, /^nat_keepalive_up 1$/m)
  t.match(text, /^nat_keepalive_limit_seconds 240$/m)
  const [, seconds] = /^nat_keepalive_look_duration_seconds (\S+)$/m.exec(text) ?? []
  t.ok(Number(seconds) > 0, `${seconds} s`)
  t.equal((await fetch(`${origin}/healthz`)).status, 200)
  child.kill('SIGTERM')
  t.equal(await exit(child), 0)
})

t.test('where it cannot listen it says so', async (t) => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await new Promise((done) => taken.once('listening', done))
  const { port } = taken.address() as net.AddressInfo
  const child = await start(t, ['--listen', `127.0.0.1:${port}`])
  t.match(await line(child), /It cannot listen at 127\.0\.0\.1:\d+: .*EADDRINUSE/)
  t.equal(await exit(child), 3)
})

t.test('without prom-client it says what is missing', async (t) => {
  const folder = temporaryFolder(t)
  const preload = join(folder, 'missing.cjs')
  writeFileSync(
    preload,
    `const Module = require('node:module'); const { _resolveFilename } = Module
     Module._resolveFilename = (name, ...rest) => {
       if (name === 'prom-client') throw Object.assign(new Error(name), { code: 'MODULE_NOT_FOUND' })
       return _resolveFilename(name, ...rest)
     }`,
  )
  const { code, stderr } = await runNode(['-r', preload, bin, 'exporter'])
  t.strictSame([code, stderr.includes('npm install prom-client')], [3, true])
})

t.test('the file is there as a whole, again and again', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'nat.prom')
  const child = await start(t, ['--textfile', file, '--every', '1s'])
  const read = async (after = '') => {
    for (;;) {
      const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
      if (text !== '' && text !== after) return text
      await new Promise((done) => setTimeout(done, 50))
    }
  }
  const first = await read()
  t.match(first, /^nat_keepalive_up 1$[\s\S]*\n$/m)
  t.match(await read(first), /^nat_keepalive_up 1$/m)
  child.kill('SIGINT')
  t.equal(await exit(child), 0)
  t.strictSame(readdirSync(folder), ['nat.prom'], 'and nothing beside it')
})

t.test('on a full disk the old file stays, and it goes on', async (t) => {
  if (!needMounts(t)) return
  const folder = temporaryFolder(t)
  const program = `
    const { readFileSync, readdirSync, writeFileSync, rmSync } = require('node:fs')
    const { writeAtomically } = require(${JSON.stringify(join(root, 'dist/exporter/write-atomically.js'))})
    writeAtomically('a.prom', 'old 1\\n')
    let size = 1
    try { for (;;) { writeFileSync('filler', 'x'.repeat(size)); size += 1000 } } catch {}
    let code
    try { writeAtomically('a.prom', 'new '.repeat(5000)) } catch (error) { code = error.code }
    const full = [code, readFileSync('a.prom', 'utf8'), readdirSync('.').sort()]
    rmSync('filler')
    writeAtomically('a.prom', 'new 1\\n')
    console.log(JSON.stringify([...full, readFileSync('a.prom', 'utf8')]))`
  const mount = 'mount -t tmpfs -o size=64k tmpfs "$PWD"; cd "$PWD"'
  const { stdout, stderr } = runMounted(mount, [process.execPath, '-e', program], { cwd: folder })
  t.equal(stderr, '')
  t.strictSame(JSON.parse(stdout || '[]'), ['ENOSPC', 'old 1\n', ['a.prom', 'filler'], 'new 1\n'])
})
