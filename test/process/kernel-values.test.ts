import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { needLab } from '../lab/need-lab'
import { register, root, withEnv } from '../run-node'

const quick = {
  NAT_KEEPALIVE_AUDIT: '100ms',
  NAT_KEEPALIVE_IDLE_WARN: '700ms',
  NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
  NAT_KEEPALIVE_FORMAT: 'json',
}

/**
 * What is warned of in a namespace whose kernel would send its first probe after `seconds`, while
 * `body` opens connections to `port`. It ends when the last of its own has been told of: by then
 * those before it have had their turn.
 */
function told(seconds: number, body: string, env: Record<string, string>): readonly string[] {
  const native = join(root, 'test/fixtures/native-socket.cjs')
  const source = `
    const net = require('node:net')
    const native = require(${JSON.stringify(native)})
    const serve = () => net.createServer((s) => s.on('error', () => {})).listen(0, '127.0.0.1')
    const server = serve().on('listening', () => {
      const { port } = server.address()
      const open = (host = '127.0.0.1') => net.connect({ port, host, family: 4 }).on('error', () => {})
      // What is there at the first look of native sockets may be inherited.
      setTimeout(() => { ${body} }, 400)
      setTimeout(() => {
        const last = serve().on('listening', () => {
          const to = '127.0.0.1:' + last.address().port
          process.on('warning', ({ message }) => {
            if (message.includes(to + ' ')) setTimeout(() => process.exit(), 300)
          })
          net.connect(last.address().port, '127.0.0.1')
        })
      }, 1_600)
    })`
  const script = `ip link set lo up; echo ${seconds} > /proc/sys/net/ipv4/tcp_keepalive_time; exec "$@"`
  const argv = [process.execPath, '-r', register, '-e', source]
  const [command = '', ...rest] = withEnv({ ...quick, ...env }, [
    ...['unshare', '-rn', 'sh', '-ec', script, 'sh'],
    ...argv,
  ])
  const { stderr } = spawnSync(command, rest, { encoding: 'utf8', cwd: root, timeout: 30_000 })
  const lines = stderr.split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line).code).filter((code) => code !== 'NKA201')
}

interface Case {
  readonly name: string
  readonly body: string
  readonly env?: Record<string, string>
  /** How it is told of itself. */
  readonly code: 'NKA202' | 'NKA203'
}

const cases: readonly Case[] = [
  {
    name: 'native code opened',
    body: 'native.connectTo(port); native.connectTo(port)',
    env: { NAT_KEEPALIVE_FOREIGN: 'watch' },
    code: 'NKA203',
  },
  {
    name: 'is left to the program, which gave no time',
    // Before there is a connection, libuv would set times of its own.
    body: `for (const socket of [open('localhost'), open('localhost')]) {
      socket.on('connect', () => socket.setKeepAlive(true))
    }`,
    env: { NAT_KEEPALIVE_EXCLUDE: 'localhost' },
    code: 'NKA202',
  },
]

for (const { name, body, env = {}, code } of cases) {
  t.test(`the kernel's values are told of, once, where they matter: what ${name}`, async (t) => {
    if (!needLab(t)) return
    t.strictSame(told(7_200, body, env), [code, 'NKA101'])
    t.strictSame(told(30, body, env).includes('NKA101'), false, 'values that suit the path are not')
    const off = told(7_200, body, { ...env, NAT_KEEPALIVE_SYSCTL: 'off' })
    t.strictSame(off, [code], 'nor where that is not wanted')
  })
}

t.test("the kernel's values are not told of for what they have no part in", async (t) => {
  if (!needLab(t)) return
  t.strictSame(told(7_200, 'open()', {}), [], 'a protected connection')
  const left = { NAT_KEEPALIVE_EXCLUDE: 'localhost' }
  t.strictSame(told(7_200, "open('localhost')", left), ['NKA202'], 'keepalive is off')
})
