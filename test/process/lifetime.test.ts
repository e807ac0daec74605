import { join } from 'node:path'
import t from 'tap'
import { register, root, runNode } from '../run-node'

const program = join(root, 'test/fixtures/lifetimes.cjs')
const ways = ['net', 'tls', 'tls around a socket', 'http', 'https, pooled', 'http2', 'fetch']

interface Said {
  readonly watched: number
  readonly alive: readonly string[]
}

async function run(flags: readonly string[], env: Record<string, string>): Promise<Said> {
  const args = ['--expose-gc', ...flags, program, ...ways]
  const { code, stdout, stderr } = await runNode(args, { env })
  if (code !== 0) throw new Error(`${code}: ${stderr}`)
  return JSON.parse(stdout)
}

const hook = { NAT_KEEPALIVE_SYSCTL: 'off', NAT_KEEPALIVE_IDLE_WARN: 'off' }

for (const END of ['reset', 'destroy']) {
  for (const [what, NAT_KEEPALIVE_AUDIT, IDLE_MS] of [
    ['in use, with the standard settings', '30s', '20'],
    ['that was found idle', '2s', '2300'],
  ] as const) {
    t.test(`${END}: of a connection ${what}, nothing is alive right after its end`, async (t) => {
      const env = { END, IDLE_MS }
      const [plain, hooked] = await Promise.all([
        run([], env),
        run(['-r', register], { ...env, ...hook, NAT_KEEPALIVE_AUDIT }),
      ])
      t.same(plain.alive, [], 'as in Node alone')
      t.ok(hooked.watched >= 3 * ways.length, `${hooked.watched} objects were watched`)
      t.same(hooked.alive, [])
    })
  }
}

t.test(
  'an idle socket that the program has let go of is no less free than without us',
  async (t) => {
    // A handle that is open holds its socket, in Node alone too: one that is closed past the socket, which
    // no hook sees, is gone the next time that the garbage is collected.
    const source = `
    const net = require('net')
    const { once } = require('events')
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    async function main() {
      const server = net.createServer((peer) => peer.on('error', () => {})).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const refs = {}
      await (async () => {
        const open = async (name) => {
          const socket = net.connect(server.address().port, '127.0.0.1')
          await once(socket, 'connect')
          refs[name] = new WeakRef(socket)
          return socket
        }
        await open('open')
        const detached = await open('detached')
        await sleep(1300)
        detached._handle.close()
        detached._handle = null
      })()
      for (let turn = 0; turn < 20; turn++) { await sleep(5); gc() }
      console.log(JSON.stringify(Object.keys(refs).filter((name) => refs[name].deref())))
      process.exit()
    }
    main()`
    for (const flags of [[], ['-r', register]]) {
      const env = { ...hook, NAT_KEEPALIVE_AUDIT: '1s' }
      const { stdout, stderr } = await runNode(['--expose-gc', ...flags, '-e', source], { env })
      t.equal(stderr, '')
      t.equal(stdout, '["open"]\n', flags.join(' '))
    }
  },
)
