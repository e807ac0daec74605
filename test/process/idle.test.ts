import { join } from 'node:path'
import t from 'tap'
import { register, root, runNode } from '../run-node'

/**
 * Servers and clients in one program. It ends when a connection of its own, opened after the others,
 * has been told of: by then every one of them has had its turn, however slow the machine is.
 */
function program(body: string): string {
  return `${inOne(body)}
    function begun() {
      const control = net.createServer().listen(0, "127.0.0.1", () => {
        const { port } = control.address()
        console.log(JSON.stringify("127.0.0.1:" + port))
        process.on("warning", ({ message }) => {
          if (message.includes("127.0.0.1:" + port + " ")) setTimeout(() => process.exit(), 300)
        })
        net.connect(port, "127.0.0.1")
      })
    }`
}

/** The same, for those that are not to be told of: it ends after some looks. */
function quietProgram(body: string): string {
  return `${inOne(body)}
    function begun() { setTimeout(() => process.exit(), 2_500) }`
}

function inOne(body: string): string {
  return `
    const net = require("net")
    const server = net.createServer((s) => s.on("data", (d) => s.write(d)).on("error", () => {}))
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address()
      const open = (options = {}) => net.connect({ port, host: "127.0.0.1", ...options })
      ${body}
      setTimeout(begun, 200)
    })`
}

const quick = {
  NAT_KEEPALIVE_IDLE_WARN: '700ms',
  NAT_KEEPALIVE_AUDIT: '100ms',
  NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
  NAT_KEEPALIVE_FORMAT: 'json',
}

interface Warning {
  code: string
  message: string
  count: number
  destination: string
  opener: { place: string | null; package: string | null }
}

async function warnings(source: string, env: Record<string, string> = {}): Promise<Warning[]> {
  const run = await runNode(['-r', register, '-e', source], { env: { ...quick, ...env } })
  const control = run.stdout === '' ? null : (JSON.parse(run.stdout) as string)
  return run.stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ destination }) => destination !== control)
}

t.test('idle sockets of one destination and opening place are one NKA201', async (t) => {
  const seen = await warnings(program('for (let i = 0; i < 20; i++) open()'))
  t.match(seen, [{ code: 'NKA201', count: 20, destination: /^127\.0\.0\.1:\d+$/ }])
  t.match(seen[0]?.opener.place, /\[eval\]:\d+$/)
  t.match(
    seen[0]?.message,
    /20 connections to 127\.0\.0\.1:\d+ have been idle for .*keepalive protects/,
  )
})

t.test('another opening place is another warning', async (t) => {
  const seen = await warnings(program('net.connect(port); net.connect(port);\nnet.connect(port)'))
  t.strictSame(seen.map(({ count }) => count).sort(), [1, 2])
})

t.test('an unprotected one is NKA202, with the reason', async (t) => {
  const excluded = await warnings(program('open()'), { NAT_KEEPALIVE_EXCLUDE: '127.0.0.0/8' })
  t.match(excluded, [
    {
      code: 'NKA202',
      message: /nothing that comes in time keeps it alive.*excluded by "127\.0\.0\.0\/8"/,
    },
  ])
  const off = 'const s = open(); s.setKeepAlive(false)'
  const respected = await warnings(program(off), { NAT_KEEPALIVE_APP: 'respect' })
  t.match(respected, [{ code: 'NKA202', message: /NAT_KEEPALIVE_APP=cap/ }])
})

/** Fifty times as long as the pauses of the traffic, so that a machine that stutters does no harm. */
const BUSY = { NAT_KEEPALIVE_IDLE_WARN: '5s' }

t.test('traffic in either direction is not idleness', async (t) => {
  const writes = 'const s = open(); setInterval(() => s.write("x"), 100)'
  t.strictSame(await warnings(program(writes), BUSY), [])
  const reads = `
    server.on("connection", (s) => setInterval(() => s.write("x"), 100))
    open().resume()`
  t.strictSame(await warnings(program(reads), BUSY), [])
})

t.test(
  'traffic of http, http2 and TLS counts, also where JavaScript does not see the bytes',
  async (t) => {
    const http2 = `
    const http2 = require("http2")
    const h2 = http2.createServer((_, response) => response.end("x")).listen(0, () => {
      const session = http2.connect("http://127.0.0.1:" + h2.address().port)
      setInterval(() => session.request({ ":path": "/" }).resume(), 100)
    })`
    t.strictSame(await warnings(program(http2), BUSY), [])
    const http = `
    const http = require("http")
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const h1 = http.createServer((_, response) => response.end("x")).listen(0, () => {
      setInterval(() => http.get({ port: h1.address().port, agent }, (r) => r.resume()), 100)
    })`
    t.strictSame(await warnings(program(http), BUSY), [])
  },
)

t.test('a new idle spell is a new episode, of which only a bad one is told again', async (t) => {
  // The program ends when the channel has told of three.
  const body = `
    let episodes = 0
    require("diagnostics_channel").channel("nat-keepalive:idle").subscribe(() => {
      if (++episodes === 3) setTimeout(() => process.exit(), 300)
      else socket.write("x")
    })
    const socket = open()`
  const codes = async (env: Record<string, string>) =>
    (await warnings(`${inOne(body)}\nfunction begun() {}`, env)).map(({ code }) => code)
  t.strictSame(await codes({}), ['NKA201'])
  const excluded = { NAT_KEEPALIVE_EXCLUDE: '127.0.0.0/8' }
  t.strictSame(await codes(excluded), ['NKA202', 'NKA202', 'NKA202'])
})

t.test('a connection that the peer has closed is not said to be protected', async (t) => {
  const body = `
    const ends = net.createServer({ allowHalfOpen: true }, (s) => s.on("error", () => {}).end())
    ends.listen(0, "127.0.0.1", () => {
      open({ port: ends.address().port, allowHalfOpen: true }).resume()
    })`
  const seen = await warnings(program(body))
  t.match(seen, [{ code: 'NKA202', message: /, and the peer has closed it: / }])
  t.notMatch(seen[0]?.message, /Nothing is lost|protects/)
})

t.test('where the system does not tell, what the hook set is told', async (t) => {
  const source = `${inOne(`
    let told = 0
    process.on("warning", () => {
      if (++told === 2) setTimeout(() => { console.error(report()); process.exit() }, 300)
    })
    net.connect(port);\nnet.connect(port)`)}
    function begun() {}`
  const preload = `
    Object.defineProperty(process, "platform", { value: "darwin" })
    globalThis.report = () => {
      const { sockets } = require(${JSON.stringify(root)}).report()
      return JSON.stringify({ reports: sockets.map(({ verdict, reason }) => [verdict, reason]) })
    }`
  const file = join(t.testdir({ 'darwin.cjs': preload }), 'darwin.cjs')
  const run = await runNode(['-r', file, '-r', register, '-e', source], { env: quick })
  const said = run.stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  const set = 'A first probe after 45s idle was set on it'
  const reason = `${set}, and whether it runs is not known: there is no /proc on darwin.`
  t.match(said, [
    { code: 'NKA201', message: reason },
    { code: 'NKA201', message: `${set}. ` },
    {
      reports: [
        ['unknown', reason],
        ['unknown', reason],
      ],
    },
  ])
  t.equal(said.length, 3)
  t.notMatch(run.stderr, /audit|NKA202/)
})

t.test('loopback is left out unless it is asked for', async (t) => {
  t.strictSame(await warnings(quietProgram('open()'), { NAT_KEEPALIVE_IDLE_LOOPBACK: 'off' }), [])
})

t.test('off is off', async (t) => {
  t.strictSame(await warnings(quietProgram('open()'), { NAT_KEEPALIVE_IDLE_WARN: 'off' }), [])
  t.strictSame(await warnings(quietProgram('open()'), { NAT_KEEPALIVE_AUDIT: 'off' }), [])
})

t.test('inbound sockets are not warned about', async (t) => {
  // The client lives in another process without the hook; here is only its peer.
  const source = quietProgram(`
    require("child_process").spawn(process.execPath, ["-e",
      "require('net').connect(" + port + ", '127.0.0.1'); setTimeout(() => process.exit(), 3000)"])`)
  t.strictSame(await warnings(source), [])
})

t.test('as text the warning has its type and code', async (t) => {
  const env = { ...quick, NAT_KEEPALIVE_FORMAT: 'text' }
  const run = await runNode(['-r', register, '-e', program('open()')], { env })
  t.match(run.stderr, /^\(node:\d+\) \[NKA201\] NatKeepaliveWarning: A connection to 127\.0\.0\.1:/)
})

t.test('5,000 sockets to 50 destinations going idle at once are at most 50 lines', async (t) => {
  const body = `
    const servers = Array.from({ length: 50 }, () => net.createServer().listen(0, "127.0.0.1"))
    setTimeout(() => {
      for (let i = 0; i < 5000; i++) open({ port: servers[i % 50].address().port })
    }, 100)`
  const env = { NAT_KEEPALIVE_IDLE_WARN: '3s', NAT_KEEPALIVE_AUDIT: '1s' }
  const seen = await warnings(program(body), env)
  t.ok(seen.length > 0 && seen.length <= 50, `${seen.length} lines`)
  t.equal(new Set(seen.map(({ destination }) => destination)).size, seen.length)
})
