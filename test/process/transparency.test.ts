import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { register, runNode } from '../run-node'

/** Runs a program with and without the hook, and returns what a user could tell them apart by. */
async function both(t: Test, source: string, flags: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const program = join(folder, 'program.cjs')
  writeFileSync(program, source)
  const plain = await runNode([...flags, program])
  const hooked = await runNode([...flags, '-r', register, program])
  const seen = ({ code, signal, stdout, stderr }: typeof plain) => ({
    code,
    signal,
    stdout,
    stderr: stderr.replaceAll(/\(node:\d+\)/g, '(node:PID)'),
  })
  return { plain: seen(plain), hooked: seen(hooked) }
}

const programs = {
  'that does nothing': '',
  'that prints': 'console.log("out"); console.error("err")',
  'that throws': 'function thrower() { throw new Error("boom") }\nthrower()',
  'that throws later': 'setTimeout(() => { throw new TypeError("later") }, 1)',
  'that rejects': 'Promise.reject(new Error("unhandled"))',
  'that exits': 'process.exit(3)',
  'that sets its exit code': 'process.exitCode = 4',
  'that exits in an exit handler': 'process.on("exit", () => { process.exitCode = 5 })',
  'that kills itself': 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)',
  'that aborts on a syntax error': 'let x = ;',
  'that warns': 'process.emitWarning("mine", { code: "MINE" })',
  'whose connection is refused':
    'require("net").connect({ port: 9, host: "127.0.0.1" }).on("error", (e) => console.log(e.stack, { ...e }))',
  'whose refused connection nobody handles': 'require("net").connect(9, "127.0.0.1")',
  'whose request is refused':
    'require("http").get("http://127.0.0.1:9/").on("error", (e) => console.log(e.stack))',
  'whose fetch is refused':
    'fetch("http://127.0.0.1:9/").catch((e) => console.log(e.stack, e.cause.stack))',
  'whose setKeepAlive throws':
    'try { new (require("net").Socket)().setKeepAlive(true, Symbol("s")) } catch (e) { console.log(e.name, e.message) }',
  'that looks at a socket': `
    const net = require("net")
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const socket = net.connect(server.address().port, "127.0.0.1", function () {
        console.log(Object.keys(socket).sort(), socket.eventNames(), this === socket)
        for (const name of socket.eventNames()) console.log(name, socket.listenerCount(name))
        console.log(Object.getOwnPropertySymbols(socket).map(String).sort())
        console.log(process._getActiveHandles().length, process.getActiveResourcesInfo().sort())
        socket.destroy(); server.close()
      })
    })`,
  'that follows asynchronous work': `
    const known = new Set(), seen = []
    require("async_hooks").createHook({
      init(id, type) { known.add(id); seen.push(type) },
      before(id) { if (!known.has(id)) seen.push("unknown") },
    }).enable()
    const net = require("net")
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const socket = net.connect(server.address().port, "127.0.0.1", () => {
        console.log(seen.join()); socket.destroy(); server.close()
      })
    })`,
  'that looks at the patched methods': `
    const { Socket } = require("net")
    for (const name of ["connect", "setKeepAlive", "_destroy"]) {
      const { value, ...descriptor } = Object.getOwnPropertyDescriptor(Socket.prototype, name)
      console.log(name, value.name, value.length, descriptor, typeof value, Object.keys(value))
    }
    console.log(Object.keys(Socket.prototype), Object.keys(globalThis), Object.keys(process.env).filter((n) => /nat/i.test(n)).length)
    class Mine extends Socket { connect(...args) { return super.connect(...args) } }
    const mine = new Mine()
    console.log(mine instanceof Socket, mine.setKeepAlive(true) === mine)`,
}

for (const [name, source] of Object.entries(programs)) {
  t.test(`a program ${name} gives the same output, exit code and stacks`, async (t) => {
    const { plain, hooked } = await both(t, source)
    t.strictSame(hooked, plain)
  })
}

t.test(
  'an error that connect throws has one frame of ours, and is otherwise the same',
  async (t) => {
    const source = 'new (require("net").Socket)().connect({ port: 99999999 })'
    const { plain, hooked } = await both(t, source, ['--stack-trace-limit=50'])
    t.match(plain.stderr, /ERR_SOCKET_BAD_PORT/)
    const lines = hooked.stderr.split('\n')
    const ours = lines.filter((line) => line.includes(join('dist', 'register.js')))
    t.equal(ours.length, 1)
    const rest = lines.filter((line) => !ours.includes(line)).join('\n')
    t.strictSame({ ...hooked, stderr: rest }, plain)
  },
)

t.test(
  'the hook keeps no program alive: after a connection it ends as soon as it would',
  async (t) => {
    const source = `
    const net = require("net")
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const socket = net.connect(server.address().port, "127.0.0.1", () => {
        socket.unref(); server.unref(); console.log("unref'd")
      })
    })
    server.on("connection", (inbound) => inbound.unref())`
    const { plain, hooked } = await both(t, source)
    t.strictSame(hooked, plain)
    t.equal(hooked.code, 0)
    t.equal(hooked.signal, null)
  },
)

t.test('the order and context of what a program sees are the same', async (t) => {
  const source = `
    const { AsyncLocalStorage } = require("async_hooks")
    const http = require("http")
    const storage = new AsyncLocalStorage()
    const server = http.createServer((_, response) => response.end("ok")).listen(0, () => {
      storage.run("request", () => {
        const request = http.get({ port: server.address().port, agent: false }, (response) => {
          console.log("response", storage.getStore())
          response.resume().on("end", () => { console.log("end", storage.getStore()); server.close() })
        })
        request.on("socket", (socket) => {
          console.log("socket", storage.getStore(), socket.connecting)
          for (const event of ["lookup", "connect", "ready", "close"])
            socket.on(event, () => console.log(event, storage.getStore()))
        })
      })
    })`
  const { plain, hooked } = await both(t, source)
  t.strictSame(hooked, plain)
  t.match(hooked.stdout, /response request/)
})
