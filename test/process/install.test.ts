import { join } from 'node:path'
import t from 'tap'
import { root, runNode } from '../run-node'

/** Runs a program that has install, exempt, sockets and the kernel's word at hand; returns its lines. */
async function run(body: string, env: Record<string, string> = {}) {
  const source = `
    const net = require("net"), tls = require("tls"), http = require("http"), https = require("https")
    const { once } = require("events")
    const { install, exempt } = require(${JSON.stringify(root)})
    const { optionsTo } = require(${JSON.stringify(join(root, 'test/fixtures/kernel-options.cjs'))})
    const { serve, ca } = require(${JSON.stringify(join(root, 'test/fixtures/servers.cjs'))})
    const say = (value) => console.log(JSON.stringify(value))
    const kernel = (port) => optionsTo(port).map(({ on, idle }) => on ? idle : "off")
    ;(async () => {
      const server = await serve("net")
      const open = async () => {
        const socket = net.connect(server.port, "127.0.0.1")
        await once(socket, "connect")
        return socket
      }
      ${body}
      process.exit()
    })().catch((error) => { console.error(error); process.exit(1) })`
  const { code, stdout, stderr } = await runNode(['-e', source], { env })
  const lines = stdout.split('\n').filter(Boolean)
  return { code, stderr, said: lines.map((line) => JSON.parse(line)) }
}

t.test('install protects the sockets that are open already', async (t) => {
  const { said, stderr } = await run(`
    await open()
    const secure = await serve("tls")
    await once(tls.connect({ port: secure.port, host: "127.0.0.1", ca }), "secureConnect")
    const service = await serve("https")
    https.get({ port: service.port, host: "127.0.0.1", ca, agent: false }).on("error", () => {})
    await service.arrived()
    const pooled = await serve("http")
    const agent = http.globalAgent
    const request = http.get({ port: pooled.port, host: "127.0.0.1", agent })
    await pooled.arrived(); pooled.answer()
    const [response] = await once(request, "response")
    response.resume(); await once(response, "end")
    await new Promise((resolve) => setTimeout(resolve, 20))
    const all = () => [server, secure, service, pooled].map(({ port }) => kernel(port))
    say(all()); install(); say(all())`)
  t.equal(stderr, '')
  const [before, after] = said
  const agentKeeps = Number(process.versions.node.split('.')[0]) >= 19
  t.strictSame(before, [['off'], ['off'], ['off'], agentKeeps ? [1] : []])
  t.strictSame(after, [[45], [45], [45], agentKeeps ? [1] : []])
})

t.test('it sees past what Node remembers of an earlier call', async (t) => {
  const { said } = await run(`
    const socket = await open()
    socket.setKeepAlive(true, 45000)
    socket._handle.setKeepAlive(false, 0)
    say(kernel(server.port)); install(); say(kernel(server.port))`)
  t.strictSame(said, [['off'], [45]])
})

t.test('inbound sockets stay as they are', async (t) => {
  const { said } = await run(`
    const listener = net.createServer().listen(0, "127.0.0.1")
    await once(listener, "listening")
    const [[inbound]] = await Promise.all([once(listener, "connection"), (async () => {
      const client = net.connect(listener.address().port, "127.0.0.1"); await once(client, "connect")
    })()])
    install()
    say(kernel(inbound.remotePort))
    inbound.setKeepAlive(true, 600000)
    say(kernel(inbound.remotePort))
    inbound.setKeepAlive(false)
    say(kernel(inbound.remotePort))`)
  t.strictSame(said, [['off'], [600], ['off']])
})

t.test('Unix sockets are not touched and work', async (t) => {
  const { said, code } = await run(`
    install()
    const path = "\\0nat-keepalive-test-" + process.pid
    const listener = net.createServer((s) => s.end("hello")).listen(path)
    await once(listener, "listening")
    const client = net.connect(path)
    const [data] = await once(client, "data")
    say([String(data), client.setKeepAlive(true, 1000) === client])`)
  t.equal(code, 0)
  t.strictSame(said, [['hello', true]])
})

t.test('options win over the environment', async (t) => {
  const { said, stderr } = await run(
    'install({ delayMs: 20_000 }); await open(); say(kernel(server.port))',
    {
      NAT_KEEPALIVE_DELAY: '30s',
    },
  )
  t.equal(stderr, '')
  t.strictSame(said, [[20]])
})

t.test('bad options are NKA001 and the rest holds', async (t) => {
  const { said, stderr } = await run(`
    install({ delayMs: "20s", probes: 3, nonsense: true, get limitMs() { throw new Error("no") } })
    await open(); say(kernel(server.port))`)
  t.equal(stderr.match(/NKA001/g)?.length, 3)
  t.strictSame(said, [[45]])
  for (const garbage of ['null', '5', '"x"', '[]', 'new Proxy({}, { ownKeys() { throw 1 } })']) {
    const { code } = await run(`install(${garbage})`)
    t.equal(code, 0, garbage)
  }
})

t.test('what connected while the hook could not be loaded is protected once it can', async (t) => {
  const { said, stderr } = await run(`
    const Module = require("module")
    const resolve = Module._resolveFilename
    let broken = true
    Module._resolveFilename = function (request, ...rest) {
      if (broken && request.endsWith("/hook")) throw new Error("no descriptors are left")
      return resolve.call(this, request, ...rest)
    }
    install()
    await open(); say(kernel(server.port))
    broken = false
    await open(); say(kernel(server.port))
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await open(); say(kernel(server.port))`)
  t.match(stderr, /NKA002.*no descriptors are left/)
  t.equal(stderr.match(/NKA002/g)?.length, 1)
  t.strictSame(said, [['off'], ['off', 'off'], [45, 45, 45]])
})

t.test('uninstall unpatches, once, and leaves what is set', async (t) => {
  const { said } = await run(`
    const { connect, setKeepAlive } = net.Socket.prototype
    const uninstall = install()
    const first = await open()
    say(net.Socket.prototype.connect === connect)
    uninstall(); uninstall()
    say([net.Socket.prototype.connect === connect, net.Socket.prototype.setKeepAlive === setKeepAlive])
    say(kernel(server.port))
    first.setKeepAlive(false)
    await open()
    say(kernel(server.port))
    install(); await open()
    say(kernel(server.port))`)
  t.strictSame(said, [false, [true, true], [45], ['off', 'off'], [45, 45, 45]])
})

t.test("uninstall leaves somebody's later wrapper in place and passes through", async (t) => {
  const { said } = await run(`
    const uninstall = install()
    const ours = net.Socket.prototype.connect
    let calls = 0
    const theirs = net.Socket.prototype.connect = function (...args) { calls++; return ours.apply(this, args) }
    uninstall()
    await open()
    say([net.Socket.prototype.connect === theirs, calls, kernel(server.port)])`)
  t.strictSame(said, [[true, 1, ['off']]])
})

t.test('the hook goes when everybody who installed it has uninstalled', async (t) => {
  const { said, stderr } = await run(`
    const { connect } = net.Socket.prototype
    const patched = () => net.Socket.prototype.connect !== connect
    const one = install(), two = install()
    one(); one(); say(patched()); two(); say(patched())`)
  t.equal(stderr, '')
  t.strictSame(said, [true, false])
})

t.test('options of a second install that are not in force are NKA002', async (t) => {
  const same = await run('install({ delayMs: 20_000 }); install({ delayMs: 20_000 })')
  t.equal(same.stderr, '')
  const other = await run(
    'install(); install({ delayMs: 20_000 }); await open(); say(kernel(server.port))',
  )
  t.match(other.stderr, /NKA002.*not in force/)
  t.strictSame(other.said, [[45]])
})

t.test('an exempt socket is left alone from then on', async (t) => {
  const { said } = await run(`
    install()
    const socket = await open()
    exempt(socket)
    say(kernel(server.port))
    socket.setKeepAlive(false); say(kernel(server.port))
    socket.setKeepAlive(true, 600000); say(kernel(server.port))
    const unborn = new net.Socket()
    exempt(unborn)
    unborn.connect(server.port, "127.0.0.1"); await once(unborn, "connect")
    say(kernel(server.port))`)
  t.strictSame(said, [[45], ['off'], [600], [600, 'off']])
})

t.test('NAT_KEEPALIVE=off makes install do nothing', async (t) => {
  const { said, stderr } = await run('install()(); await open(); say(kernel(server.port))', {
    NAT_KEEPALIVE: 'off',
  })
  t.equal(stderr, '')
  t.strictSame(said, [['off']])
})

t.test('the channels tell what is set and what is overridden, with the destination', async (t) => {
  const { said } = await run(`
    const { channel } = require("diagnostics_channel")
    for (const name of ["protect", "override"])
      channel("nat-keepalive:" + name).subscribe(({ code, data: { endpoint, asked, applied } }) => say([name, code, endpoint.host, asked, applied.delayMs]))
    install()
    const socket = await open()
    socket.setKeepAlive(false)`)
  t.match(said, [
    ['protect', null, '127.0.0.1', null, 45_000],
    ['override', 'NKA204', '127.0.0.1', { enable: false }, 45_000],
  ])
})

t.test('CommonJS and ES modules get the same names', async (t) => {
  const source = `
    import * as all from ${JSON.stringify(join(root, 'dist/index.js'))}
    import { install, exempt, profiles } from ${JSON.stringify(join(root, 'dist/index.js'))}
    console.log(typeof install, typeof exempt, Array.isArray(profiles), Object.isFrozen(profiles))`
  const { stdout } = await runNode(['--input-type=module', '-e', source])
  t.equal(stdout, 'function function true true\n')
})
