import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { register, root, runNode } from '../run-node'

const program = join(root, 'test/fixtures/listeners.cjs')

interface Seen {
  /** How often each kind of listener was added, to anything. */
  readonly added: readonly [string, number][]
  /** What sockets, agents and the process saw by themselves. */
  readonly own: Readonly<Record<string, unknown[]>>
}

async function listeners(t: Test, args: string[], env: Record<string, string> = {}): Promise<Seen> {
  const run = await runNode([...args, program], { env, timeoutMs: 60_000 })
  t.equal(run.code, 0, run.stderr)
  t.notMatch(run.stderr, /MaxListeners/)
  return JSON.parse(run.stdout) as Seen
}

/** Looks often, and tells of idle connections to this machine. */
const busy = {
  NAT_KEEPALIVE_AUDIT: '100ms',
  NAT_KEEPALIVE_IDLE_WARN: '300ms',
  NAT_KEEPALIVE_IDLE_LOOPBACK: 'on',
}

const settings: Record<string, Record<string, string>> = {
  'the defaults': {},
  'the watch at work': busy,
  'an address that is not excluded': { ...busy, NAT_KEEPALIVE_EXCLUDE: '10.0.0.0/8' },
  'an address that is excluded': { ...busy, NAT_KEEPALIVE_EXCLUDE: '127.0.0.0/8, some.test:1' },
  respect: { NAT_KEEPALIVE_APP: 'respect', NAT_KEEPALIVE_EXCLUDE: '::1' },
  'kernel mode': { NAT_KEEPALIVE_MODE: 'kernel', NAT_KEEPALIVE_EXCLUDE: '10.0.0.0/8' },
}

t.test(
  'sockets, agents and the process have the listeners that they have without us',
  async (t) => {
    const plain = await listeners(t, [])
    const names = plain.added.map(([name]) => name)
    for (const name of ['Socket.on(connect)', 'TLSSocket.once(secureConnect)', 'Agent.on(free)']) {
      t.ok(names.includes(name), `${name} is seen`)
    }
    for (const [name, env] of Object.entries(settings)) {
      t.strictSame(await listeners(t, ['-r', register], env), plain, name)
    }
  },
)

t.test('a hook that added one would be seen', async (t) => {
  const hook = join(t.testdir(), 'hook.cjs')
  writeFileSync(
    hook,
    `const { Socket } = require('node:net')
    const { connect } = Socket.prototype
    Socket.prototype.connect = function (...args) {
      this.once('lookup', () => {})
      return connect.apply(this, args)
    }`,
  )
  const [plain, seen] = [await listeners(t, []), await listeners(t, ['-r', hook])]
  t.notSame(seen.added, plain.added)
  t.notSame(seen.own['net to some.test'], plain.own['net to some.test'])
})
