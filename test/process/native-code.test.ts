import { join } from 'node:path'
import t from 'tap'
import { register, root, runNode } from '../run-node'

const fixtures = join(root, 'test', 'fixtures')

const quick = {
  NAT_KEEPALIVE_FOREIGN: 'watch',
  NAT_KEEPALIVE_AUDIT: '100ms',
  NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
  NAT_KEEPALIVE_IDLE_WARN: 'off',
  NAT_KEEPALIVE_FORMAT: 'json',
}

function lines(text: string) {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Runs a program under the hook, with native sockets to a server in another process at hand. */
async function run(body: string, first = '') {
  const source = `
    const net = require('node:net')
    const { spawn } = require('node:child_process')
    const { once } = require('node:events')
    const { report } = require(${JSON.stringify(root)})
    const native = require(${JSON.stringify(join(fixtures, 'native-socket.cjs'))})
    const say = (value) => console.log(JSON.stringify(value))
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
    ${first}
    const serve = "require('net').createServer((s) => s.on('error', () => {})).listen(0, '127.0.0.1', function () { console.log(this.address().port) })"
    ;(async () => {
      const server = spawn(process.execPath, ['-e', serve], { stdio: ['ignore', 'pipe', 'inherit'] })
      const port = Number(String(await once(server.stdout, 'data')))
      try {
        ${body}
      } finally {
        server.kill()
      }
      process.exit()
    })().catch((error) => { console.error(error); process.exit(1) })`
  const { stdout, stderr } = await runNode(['-r', register, '-e', source], {
    // What the kernel has for such sockets is another finding.
    env: { ...quick, NAT_KEEPALIVE_SYSCTL: 'off' },
  })
  return { said: lines(stdout), told: lines(stderr) }
}

for (const kind of ['inbound', 'outbound']) {
  t.test(`a connection received over IPC is not called native code: ${kind}`, async (t) => {
    const { stdout, stderr } = await runNode([join(fixtures, 'hand-over.cjs'), kind], {
      env: { ...quick, HOOK: register },
    })
    t.equal(stderr, '', 'and no NKA203')
    const reason =
      'Keepalive is off; the path forgets it after 4m; the program received it or made it around ' +
      'a descriptor, so it may be inbound.'
    const here = [['javascript', 'at-risk', reason]]
    // What the parent opened it had protected, where it has the hook, which it has not here.
    t.strictSame(JSON.parse(stdout), here)
  })
}

t.test('a Socket around a descriptor is JavaScript, whoever opened it', async (t) => {
  const { said, told } = await run(`
    const socket = new net.Socket({ fd: native.connectTo(port) })
    socket.on('error', () => {}).resume()
    await sleep(2000)
    say(report().foreign.map(({ holder }) => holder))`)
  t.strictSame(told, [])
  t.strictSame(said, [['javascript']])
})

t.test('what came after the first look is native code, and is called that', async (t) => {
  const { said, told } = await run(`
    await sleep(1000)
    native.connectTo(port)
    await sleep(2000)
    say(report().foreign.map(({ holder, verdict }) => [holder, verdict]))`)
  t.match(told, [{ code: 'NKA203', holder: 'native', message: /Native code opened it \(loaded: / }])
  t.strictSame(said, [[['native', 'at-risk']]])
})

t.test('what was there at the first look may be inherited', async (t) => {
  const { said, told } = await run(
    `
    await sleep(2500)
    say(report().foreign.map(({ holder }) => holder))`,
    `
    // In one go, before any timer: nobody has to be waited for.
    native.connectTo(native.listenOn().port)`,
  )
  const text = /^A connection .* Who opened it is not known: /
  t.match(told, [{ code: 'NKA203', holder: null, message: text }])
  t.strictSame(said, [[null]])
})

t.test("a worker's connection is not called native code", async (t) => {
  const { said, told } = await run(`
    const { Worker } = require('node:worker_threads')
    await sleep(1000)
    const program = "require('node:net').connect(" + port + ", '127.0.0.1').on('error', () => {})"
    // Without the preload in its options the worker has no hook.
    new Worker(program, { eval: true, execArgv: [], env: {} }).on('error', console.error)
    await sleep(2500)
    say(report().foreign.map(({ holder, verdict }) => [holder, verdict]))`)
  t.match(told, [{ code: 'NKA203', holder: null, message: /, or a worker thread, / }])
  t.equal(told.length, 1)
  t.notMatch(told[0]?.message, 'Native code opened')
  t.strictSame(said, [[[null, 'at-risk']]])
})

t.test('what the peer has closed is not told of as if keepalive would help', async (t) => {
  const { said, told } = await run(`
    const ends = net.createServer({ allowHalfOpen: true }, (s) => s.on('error', () => {}).end())
    ends.listen(0, '127.0.0.1')
    await once(ends, 'listening')
    native.connectTo(ends.address().port)
    await sleep(2500)
    say(report().foreign.map(({ state, verdict, reason }) => [state, verdict, reason]))`)
  t.strictSame(told, [])
  t.match(said, [[['close-wait', 'at-risk', /^The peer has closed it: /]]])
})
