import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { register, root, runNode } from '../run-node'

/** One promise to the program, kept under whichever Node is given. */
export type Check = (t: Test, node: string) => Promise<void>

const isRoot = process.geteuid?.() === 0

/** A copy of the package that a test may break. */
function copyOfPackage(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(register, join(folder, 'register.js'))
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  return folder
}

const connectOnce = `
  const net = require('node:net')
  const server = net.createServer((peer) => peer.end()).listen(0, '127.0.0.1', () => {
    const again = (count) => {
      if (count === 0) return void server.close(() => console.log('connected'))
      net.connect(server.address().port, '127.0.0.1').on('close', () => again(count - 1)).resume()
    }
    again(3)
  })`

const damages: Readonly<Record<string, (text: string) => string | null>> = {
  'of another build': (text) => text.replace(/(\$build = ")[^"]+/, '$1another'),
  truncated: (text) => text.slice(0, text.length / 2),
  empty: () => '',
  'another program': () => 'module.exports = null',
  missing: () => null,
}

export const checks: Readonly<Record<string, Check>> = {
  async 'a package that is replaced before the first connect'(t, node) {
    for (const [name, damage] of Object.entries(damages)) {
      const folder = copyOfPackage(t)
      const file = join(folder, 'dist/hook/hook.js')
      const changed = damage(readFileSync(file, 'utf8'))
      const change =
        changed === null
          ? `require('node:fs').rmSync(${JSON.stringify(file)})`
          : `require('node:fs').writeFileSync(${JSON.stringify(file)}, ${JSON.stringify(changed)})`
      const args = ['-r', join(folder, 'register.js'), '-e', `${change}\n${connectOnce}`]
      const run = await runNode(args, { node })
      t.strictSame([run.code, run.stdout], [0, 'connected\n'], name)
      t.equal(run.stderr.match(/NKA002/g)?.length, 1, `${name}: told once`)
    }
  },

  async 'a package that is gone, and an emitWarning that throws'(t, node) {
    const folder = copyOfPackage(t)
    const script = `
      process.emitWarning = () => { throw new Error('theirs') }
      require('node:fs').rmSync(${JSON.stringify(join(folder, 'dist'))}, { recursive: true })
      ${connectOnce}`
    const run = await runNode(['-r', join(folder, 'register.js'), '-e', script], { node })
    t.strictSame([run.code, run.stdout, run.stderr], [0, 'connected\n', ''])
  },

  async 'a watch that cannot be loaded is told once'(t, node) {
    const folder = copyOfPackage(t)
    rmSync(join(folder, 'dist/watch/watch.js'))
    const script = "setTimeout(() => console.log('on'), 1_500)"
    const env = { NAT_KEEPALIVE_AUDIT: '200ms' }
    const run = await runNode(['-r', join(folder, 'register.js'), '-e', script], { node, env })
    t.strictSame([run.code, run.stdout], [0, 'on\n'])
    t.equal(run.stderr.match(/NKA002/g)?.length, 1)
  },

  async 'privileges that are dropped before the first connect'(t, node) {
    if (!isRoot) {
      if (process.env.REQUIRE_EVERYTHING === '1') t.fail('only root can drop privileges')
      else t.comment('Not tested: only root can drop privileges.')
      return
    }
    const folder = copyOfPackage(t)
    chmodSync(folder, 0o700)
    const script = `
      const { name, length } = process.setuid
      process.setgid(65534)
      process.setuid(65534)
      console.log(name === process.setuid.name, length === process.setuid.length)
      ${connectOnce}
      setTimeout(() => {}, 1_000)`
    const env = { NAT_KEEPALIVE_AUDIT: '200ms' }
    const run = await runNode(['-r', join(folder, 'register.js'), '-e', script], { node, env })
    t.strictSame([run.code, run.stdout], [0, 'true true\nconnected\n'])
    t.notMatch(run.stderr, /NKA002/)
  },

  async 'settings of the process hold in a worker with an environment of its own'(t, node) {
    const inside = `
      const { Socket } = require('node:net')
      const installation = Socket.prototype[Symbol.for('nat-keepalive.1')]
      const config = installation?.hook()?.config
      const { limitMs = null, exclude = null } = config ?? {}
      require('node:worker_threads').parentPort.postMessage({ hooked: !!config, limitMs, exclude })`
    const script = `
      const { Worker } = require('node:worker_threads')
      const options = { eval: true, env: {}, execArgv: ['-r', ${JSON.stringify(register)}] }
      new Worker(${JSON.stringify(inside)}, options).on('message', (m) => console.log(JSON.stringify(m)))`
    const ask = async (env: Record<string, string>) => {
      const run = await runNode(['-r', register, '-e', script], { node, env })
      t.equal(run.stderr, '')
      return JSON.parse(run.stdout)
    }
    const off = await ask({ NAT_KEEPALIVE: 'Disabled' })
    t.strictSame(off, { hooked: false, limitMs: null, exclude: null })
    const given = { NAT_KEEPALIVE_LIMIT: '100s', NAT_KEEPALIVE_EXCLUDE: 'db.internal' }
    t.strictSame(await ask(given), { hooked: true, limitMs: 100_000, exclude: ['db.internal'] })
  },

  async 'messages on the channels of undici that are not undici’s'(t, node) {
    const script = `
      const { channel } = require('node:diagnostics_channel')
      const net = require('node:net')
      const server = net.createServer((peer) => peer.end()).listen(0, '127.0.0.1', () => {
        net.connect(server.address().port, '127.0.0.1').resume().on('close', () => {
          for (const message of [null, 7, {}, { request: null, socket: null }]) {
            channel('undici:client:sendHeaders').publish(message)
            channel('undici:request:headers').publish(message)
          }
          setTimeout(() => server.close(() => console.log('alive')), 50)
        })
      })`
    const run = await runNode(['-r', register, '-e', script], { node })
    t.strictSame([run.code, run.stdout, run.stderr], [0, 'alive\n', ''])
  },

  async 'a second global object has the same hook'(t, node) {
    const script = `
      const vm = require('node:vm')
      const { Socket } = require('node:net')
      const before = Socket.prototype.connect
      const context = vm.createContext({ console })
      const load = (file) => {
        const module = { exports: {} }
        const text = require('node:fs').readFileSync(file, 'utf8')
        const within = (name) => name.startsWith('.')
          ? load(require.resolve(require('node:path').join(file, '..', name)))
          : require(name)
        vm.runInContext('(function (exports, require, module, process) {' + text + '\\n})', context)
          (module.exports, within, module, process)
        return module.exports
      }
      load(${JSON.stringify(join(root, 'dist/register.js'))}).register()
      console.log(Socket.prototype.connect === before)`
    const run = await runNode(['-r', register, '-e', script], { node })
    t.strictSame([run.code, run.stdout, run.stderr], [0, 'true\n', ''])
  },

  async 'in json a listener for warnings sees each once, and Node prints none'(t, node) {
    const script = `process.on('warning', (warning) => {
      const { name, code } = warning
      console.log(warning instanceof Error, name, code)
    })
    setTimeout(() => {}, 20)`
    for (const [args, lines] of [
      [[], 1],
      [['--trace-warnings'], 1],
      [['--no-warnings'], 0],
    ] as const) {
      const env = { NAT_KEEPALIVE_FORMAT: 'json', NAT_KEEPALIVE_DELAY: '45' }
      const run = await runNode([...args, '-r', register, '-e', script], { node, env })
      t.strictSame([run.code, run.stdout], [0, 'true NatKeepaliveWarning NKA001\n'], args.join())
      const printed = run.stderr.split('\n').filter((line) => line !== '')
      t.equal(printed.length, lines, args.join())
      for (const line of printed) t.match(JSON.parse(line), { level: 'warn', code: 'NKA001' })
    }
  },
}
