import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { needLab } from '../lab/need-lab'
import type { Outcome } from './outcome'
import { createPlace, packagesHere } from './place'

const modules = `const [fs, net, dns, path, { spawn, spawnSync }] =
  ['fs', 'net', 'dns', 'path', 'child_process'].map((name) => require(name))\n`
const isHooked = 'Symbol.for("nat-keepalive.1") in globalThis'

interface Case {
  readonly source: string
  readonly flags?: readonly string[]
  readonly shows: Partial<Record<keyof Outcome, string | RegExp>>
  /** What else it shows with the hook. */
  readonly hooked?: Case['shows']
}

const cases: Readonly<Record<string, Case>> = {
  'that ends': {
    source: 'console.log(process.cwd(), fs.readdirSync("."), process.execArgv)',
    flags: ['--no-warnings'],
    shows: { status: 'passed', stdout: "/run/test [] [ '--no-warnings' ]", stderr: '' },
  },
  'that throws': {
    source: 'throw new RangeError("wrong")',
    shows: { status: 'failed', stderr: /^RangeError: wrong$/m },
  },
  'that skips itself': {
    source: 'console.log("1..0 # Skipped: no tool")',
    shows: { status: 'skipped' },
  },
  'that skips itself and fails': {
    source: 'console.log("1..0 # Skipped: no tool"); process.exitCode = 1',
    shows: { status: 'failed' },
  },
  'that is killed': {
    source: 'process.kill(process.pid, "SIGKILL")',
    shows: { status: 'failed' },
  },
  'that never ends': {
    source: 'setInterval(() => {}, 1_000)',
    shows: { status: 'failed', stderr: 'Error: killed after N ms' },
  },
  'that leaves a file and a process with its output': {
    source: 'fs.writeFileSync("left", ""); spawn("sleep", ["1000"], { stdio: "inherit" }).unref()',
    shows: { status: 'passed' },
  },
  'that comes after it': {
    source: `const programs = fs.readdirSync("/proc").map((pid) => {
        try { return fs.readFileSync(path.join("/proc", pid, "comm"), "utf8").trim() } catch {}
      })
      console.log(fs.readdirSync("."), programs.includes("sleep"))`,
    shows: { stdout: '[] false' },
  },
  'that looks for the hook': {
    source: `console.log(${isHooked})`,
    shows: { stdout: 'false' },
    hooked: { stdout: 'true' },
  },
  'whose child looks for the hook': {
    source: `console.log(String(spawnSync(process.execPath, ["-p", '${isHooked}']).stdout))`,
    shows: { stdout: 'false' },
    hooked: { stdout: 'true' },
  },
  'that connects to a stranger': {
    source: 'net.connect(80, "203.0.113.7").on("error", ({ code }) => console.log(code))',
    shows: { stdout: 'ENETUNREACH' },
  },
  'that looks localhost up': {
    source: 'dns.lookup("localhost", { all: true }, (_, all) => console.log(all.length === 2))',
    shows: { stdout: 'true' },
  },
  'that starts node': {
    source: `console.log(String(spawnSync('node', ['-p', 'process.execPath']).stdout))`,
    shows: { stdout: '/run/bin/node' },
  },
  'that needs openssl': {
    source: `const openssl = path.join(path.dirname(process.execPath), "openssl-cli")
      console.log(String(spawnSync(openssl, ["version"]).stdout).slice(0, 7))`,
    shows: { stdout: 'OpenSSL' },
  },
}

t.test('a place for tests', async (t) => {
  if (!needLab(t)) return
  const folder = t.testdir()
  const place = await createPlace(process.execPath, { timeoutMs: 5_000 })
  t.teardown(() => place.close())
  for (const [name, { source, flags = [], shows, hooked }] of Object.entries(cases)) {
    const path = join(folder, `${name.replaceAll(' ', '-')}.cjs`)
    writeFileSync(path, modules + source)
    const test = { name, family: 'net', argv: [...flags, path] }
    t.match(await place.run(test, 'bare'), shows, `a program ${name}`)
    t.match(await place.run(test, 'hooked'), hooked ?? shows, `a program ${name}, with the hook`)
  }
})

t.test('a place for the tests of a package', async (t) => {
  if (!needLab(t)) return
  const folder = t.testdir({
    source: {
      'spoils.cjs': `const fs = require('node:fs')
        fs.writeFileSync('left', '')
        fs.rmSync('package.json')
        console.log(process.cwd(), process.env.COLOUR)`,
      'looks.cjs': `const files = require('node:fs').readdirSync('.').join()
        console.log(files, require('one'), require('two'))`,
      'connects.cjs': `require('node:net').connect(5_000, '127.0.0.1')
        .on('data', (data) => console.log(String(data)))`,
      'package.json': '{}',
    },
    packages: { one: { 'index.js': 'module.exports = "first"' } },
  })
  const place = await createPlace(process.execPath, { packages: join(folder, 'packages') })
  t.teardown(() => place.close())
  const run = (path: string, links = {}) => {
    const test = { name: path, family: 'net', argv: [path], folder: join(folder, 'source'), links }
    return place.run({ ...test, env: { COLOUR: 'red' } }, 'hooked')
  }

  t.match(await run('spoils.cjs'), { status: 'passed', stdout: '/run/test red' })
  const links = { 'node_modules/two': join(packagesHere, 'one') }
  const looks = await run('looks.cjs', links)
  t.equal(looks.status, 'passed', 'packages are found, and those that a link leads to')
  const files = 'connects.cjs,looks.cjs,node_modules,package.json,spoils.cjs'
  t.equal(looks.stdout, `${files} first first`, 'what the one before it did is undone')
  t.strictSame(readdirSync(join(folder, 'source')), [
    'connects.cjs',
    'looks.cjs',
    'package.json',
    'spoils.cjs',
  ])

  const server = `require('node:net').createServer((socket) => socket.end('hello'))
    .listen(5_000, () => console.log('listening'))`
  await place.serve(['node', '-e', server], /listening/)
  t.equal((await run('connects.cjs')).stdout, 'hello')
  t.equal((await run('connects.cjs')).stdout, 'hello', 'it outlives a test')
  await t.rejects(place.serve(['node', '-p', '"no" + "thing"'], /listening/), {
    message: 'node ended with 0 before it was ready. It said: nothing\n',
  })
})
