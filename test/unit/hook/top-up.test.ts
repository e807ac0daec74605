import { join } from 'node:path'
import t from 'tap'
import { register, root, runNode } from '../../run-node'

const takesInterval = require('node:net').Socket.prototype.setKeepAlive.length === 4
/** Runs a program under the hook; `options(socket)` is what the kernel has on it. */
async function run(body: string, env: Record<string, string> = {}, args: readonly string[] = []) {
  const source = `
    const net = require('node:net')
    const { once } = require('node:events')
    const { loadNative } = require('${join(root, 'dist/kernel/native.js')}')
    const { SocketFacts } = require('${join(root, 'dist/kernel/socket-facts.js')}')
    const { optionsOf } = require('${join(root, 'test/fixtures/kernel-options.cjs')}')
    const options = (socket) => {
      const facts = new SocketFacts()
      facts.read(loadNative().value, socket._handle.fd)
      const { keepalive, idleSeconds, intervalSeconds, probes, userTimeoutMs } = facts
      return (keepalive ? '' : 'off ') + [idleSeconds, intervalSeconds, probes, userTimeoutMs].join('/')
    }
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
    const until = async (socket, wanted) => {
      for (let i = 0; i < 600 && options(socket) !== wanted; i++) await sleep(20)
      return options(socket)
    }
    const say = (value) => console.log(JSON.stringify(value))
    ;(async () => {
      const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address()
      const open = async () => {
        const socket = net.connect(port, '127.0.0.1')
        await once(socket, 'connect')
        return socket
      }
      ${body}
      process.exit()
    })().catch((error) => { console.error(error); process.exit(1) })`
  const { stdout, stderr } = await runNode(['-r', register, ...args, '-e', source], { env })
  t.equal(stderr, '')
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown)
}

/** The first top-up comes before the first probe: so a short delay makes a test short. */
const SOON = { NAT_KEEPALIVE_DELAY: '1s', NAT_KEEPALIVE_INTERVAL: '1s', NAT_KEEPALIVE_PROBES: '77' }

t.test('interval and number of probes come some seconds later', async (t) => {
  const said = await run(
    `const socket = await open()
    say(options(socket))
    say(await until(socket, '1/1/77/0'))
    const { report } = require('${root}')
    say(report().sockets[0].applied)`,
    SOON,
  )
  t.equal(said[0], takesInterval ? '1/1/77/0' : '1/1/10/0')
  t.equal(said[1], '1/1/77/0')
  t.strictSame(
    said[2],
    { delayMs: 1_000, intervalMs: 1_000, probes: 77 },
    'and the report has them',
  )
})

t.test('again after each call that lets Node reset them', async (t) => {
  const said = await run(
    `const socket = await open()
    say(await until(socket, '2/1/77/0'))
    socket.setKeepAlive(true, 1_000)
    say(options(socket))
    say(await until(socket, '1/1/77/0'))`,
    { ...SOON, NAT_KEEPALIVE_DELAY: '2s' },
  )
  const reset = takesInterval ? '1/1/77/0' : '1/1/10/0'
  t.strictSame(said, ['2/1/77/0', reset, '1/1/77/0'])
})

t.test('the user timeout is put on, and one of the program stays', async (t) => {
  const said = await run(
    `const [ours, own] = [await open(), await open()]
    loadNative().value.setKeepalive(own._handle.fd, 1, -1, -1, -1, 900_000)
    say(await until(ours, '1/1/77/600000'))
    say(await until(own, '1/1/77/900000'))`,
    { ...SOON, NAT_KEEPALIVE_USER_TIMEOUT: '10m' },
  )
  t.strictSame(said, ['1/1/77/600000', '1/1/77/900000'])
})

t.test('what is left alone is left alone', async (t) => {
  const excluded = await run(
    `const left = await open()
    await sleep(2500)
    say(options(left))`,
    { ...SOON, NAT_KEEPALIVE_USER_TIMEOUT: '10m', NAT_KEEPALIVE_EXCLUDE: '127.0.0.1' },
  )
  t.match(excluded[0], /^off .*\/0$/)
})

t.test('switched off, everything stays as Node has it', async (t) => {
  const said = await run(
    `const socket = await open()
    await sleep(2500)
    say(options(socket))
    const { report } = require('${root}')
    say(report().native)
    say(report().sockets[0].applied)`,
    { ...SOON, NAT_KEEPALIVE_NATIVE: 'off' },
  )
  const [interval, probes] = takesInterval ? [1, 77] : [1, 10]
  t.equal(said[0], `1/${interval}/${probes}/0`)
  t.equal(said[1], 'NAT_KEEPALIVE_NATIVE is off')
  t.strictSame(said[2], { delayMs: 1_000, intervalMs: interval * 1_000, probes })
})

t.test(
  'a connection that closes before costs no system call, and a kept one a handful',
  async (t) => {
    const said = await run(
      `const { TopUp } = require('${join(root, 'dist/hook/top-up.js')}')
    const { value } = loadNative()
    let calls = 0
    const original = value.setKeepalive
    value.setKeepalive = (...args) => { calls++; return original(...args) }
    for (let i = 0; i < 50; i++) (await open()).destroy()
    const kept = await open()
    await until(kept, '1/1/77/0')
    say(calls)`,
      SOON,
    )
    t.strictSame(said, [takesInterval ? 0 : 1])
  },
)
