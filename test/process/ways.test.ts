import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { register, root, runNode } from '../run-node'
import {
  expectedOptions,
  type Look,
  respectWays,
  setsProbes,
  sysctlOptions,
} from '../ways-expected'

const fixture = (name: string) => join(root, 'test/fixtures', name)

const { node } = process.versions

async function looks(t: Test, args: string[], env: Record<string, string> = {}): Promise<Look[]> {
  // What Node sets by itself, and does not wait for; test/matrix/top-up.ts has what is set later.
  const alone = { NAT_KEEPALIVE_NATIVE: 'off', ...env }
  const run = await runNode(args, { env: alone, timeoutMs: 60_000 })
  t.equal(run.stderr, '')
  t.equal(run.code, 0)
  return JSON.parse(run.stdout) as Look[]
}

function assertProtected(t: Test, seen: Look[]): void {
  t.ok(seen.length > 0)
  for (const look of seen) {
    t.strictSame(look.options, [expectedOptions(look, node)], `${look.way}: ${look.moment}`)
  }
}

t.test('every way to connect is protected, in flight, pooled and reused', async (t) => {
  assertProtected(t, await looks(t, ['-r', register, fixture('ways.cjs')]))
})

t.test('without the hook the same program is not: the test can fail', async (t) => {
  const names = ['net', 'tls', 'https, agent:false', 'http2 over TLS', 'net, off while connecting']
  const seen = await looks(t, [fixture('ways.cjs'), ...names])
  t.ok(seen.length >= names.length)
  for (const { way, moment, options } of seen)
    t.match(options, [{ on: false }], `${way}: ${moment}`)
})

t.test('the hook is in workers, forked children and ES modules', async (t) => {
  const ways = ['net', 'tls', 'https', 'fetch', 'net, first address refused']
  const starts = {
    'a Worker': ['-r', register, fixture('in-worker.cjs')],
    'a forked child': ['-r', register, fixture('in-fork.cjs')],
    'an ES module with --import': ['--import', pathToFileURL(register).href, fixture('ways.mjs')],
    'an ES module with -r': ['-r', register, fixture('ways.mjs')],
  }
  for (const [name, args] of Object.entries(starts)) {
    t.test(name, async (t) => assertProtected(t, await looks(t, [...args, ...ways])))
  }
  t.test('NODE_OPTIONS', async (t) => {
    const NODE_OPTIONS = `--require "${register}"`
    assertProtected(t, await looks(t, [fixture('ways.cjs'), ...ways], { NODE_OPTIONS }))
  })
})

t.test('kernel mode leaves every time to the sysctls', async (t) => {
  const seen = await looks(t, ['-r', register, fixture('ways.cjs')], {
    NAT_KEEPALIVE_MODE: 'kernel',
    NAT_KEEPALIVE_SYSCTL: 'off',
  })
  t.ok(seen.length > 0)
  for (const look of seen) {
    t.strictSame(look.options, [sysctlOptions()], `${look.way}: ${look.moment}`)
  }
})

t.test('the settings are the schedule on the socket', async (t) => {
  const [look] = await looks(t, ['-r', register, fixture('ways.cjs'), 'tls'], {
    NAT_KEEPALIVE_DELAY: '33s',
    NAT_KEEPALIVE_INTERVAL: '7s',
    NAT_KEEPALIVE_PROBES: '5',
  })
  const probes = setsProbes(node) ? { interval: 7, count: 5 } : { interval: 1, count: 10 }
  t.strictSame(look?.options, [{ on: true, idle: 33, ...probes }])
})

t.test('under respect an explicit call or option wins', async (t) => {
  const seen = await looks(t, ['-r', register, fixture('ways.cjs'), ...respectWays], {
    NAT_KEEPALIVE_APP: 'respect',
  })
  const idleOrOff = (moment: string) => {
    const options = seen.find((look) => look.moment === moment || look.way === moment)?.options[0]
    return options?.on ? options.idle : 'off'
  }
  t.strictSame(
    [...respectWays.slice(0, 5), '[false]', '[true,600000]'].map((name) => [name, idleOrOff(name)]),
    [
      ['net', 45],
      ['net, keepAlive option of 10 min', 600],
      ['net, switched off before connect', 'off'],
      ['net, off while connecting', 'off'],
      ['tls, off while connecting', 'off'],
      ['[false]', 'off'],
      ['[true,600000]', 600],
    ],
  )
})

t.test('an excluded destination is left alone', async (t) => {
  const table = [
    { rule: '127.0.0.1', way: 'net', on: false },
    { rule: '127.0.0.0/8', way: 'net', on: false },
    { rule: 'localhost', way: 'net by name', on: false },
    { rule: '127.0.0.0/8, ::1', way: 'net by name', on: false },
    { rule: '127.0.0.0/8', way: 'tls, first address refused', on: false },
    { rule: '*.test', way: 'tls, first address refused', on: false },
    { rule: '127.0.0.1:1', way: 'net', on: true },
    { rule: '10.0.0.0/8', way: 'net by name', on: true },
    { rule: 'example.com', way: 'net', on: true },
  ]
  for (const { rule, way, on } of table) {
    const [look] = await looks(t, ['-r', register, fixture('ways.cjs'), way], {
      NAT_KEEPALIVE_EXCLUDE: rule,
    })
    t.match(look?.options, [{ on }], `${rule}: ${way}`)
  }
})

t.test('NAT_KEEPALIVE=off patches nothing', async (t) => {
  for (const value of ['off', ' OFF ']) {
    const env = { NAT_KEEPALIVE: value, NAT_KEEPALIVE_DELAY: 'nonsense' }
    const [look] = await looks(t, ['-r', register, fixture('ways.cjs'), 'net'], env)
    t.match(look?.options, [{ on: false }])
  }
})
