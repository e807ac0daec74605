import { join } from 'node:path'
import t, { type Test } from 'tap'
import { register, root, runNode } from '../run-node'
import { expectedOptions, type Look, respectWays, sysctlOptions } from '../ways-expected'

const ways = join(root, 'test/fixtures/ways.cjs')
const { node } = process.versions

/** Every way to connect, to a name: its address is known only once it is connected. */
async function looks(
  t: Test,
  flags: string[],
  env: Record<string, string> = {},
  names: readonly string[] = [],
): Promise<Look[]> {
  const run = await runNode([...flags, ways, ...names], {
    env: { WAYS_HOST: 'localhost', ...env },
    timeoutMs: 60_000,
  })
  t.strictSame([run.stderr, run.code], ['', 0])
  return JSON.parse(run.stdout) as Look[]
}

const hook = ['-r', register]
const covering = { NAT_KEEPALIVE_EXCLUDE: '192.0.2.0/24, 127.0.0.0/8' }
const other = { NAT_KEEPALIVE_EXCLUDE: '192.0.2.0/24, 127.0.0.0/8:1' }

t.test(
  'a name whose address is excluded has what it has without the hook, in every way',
  async (t) => {
    const [plain, left] = [await looks(t, []), await looks(t, hook, covering)]
    t.ok(plain.length > 70)
    t.strictSame(left, plain)
  },
)

t.test('a name whose address is not excluded is protected, in every way', async (t) => {
  const seen = await looks(t, hook, other)
  t.ok(seen.length > 70)
  for (const look of seen) {
    t.strictSame(look.options, [expectedOptions(look, node)], `${look.way}: ${look.moment}`)
  }
})

/** Those in which the program says what it wants, before it is connected above all. */
const asking = [
  ...respectWays,
  'net, keepAlive option of 5 s',
  'net, (true, 0) while connecting',
  'tls, (true, 0) while connecting',
  'tls around a connecting socket, off',
  'fetch',
]

t.test('kernel mode leaves every time to the sysctls, with rules for addresses too', async (t) => {
  const kernel = { NAT_KEEPALIVE_MODE: 'kernel', NAT_KEEPALIVE_SYSCTL: 'off' }
  for (const { way, moment, options } of await looks(t, hook, { ...kernel, ...other }, asking)) {
    t.strictSame(options, [sysctlOptions()], `${way}: ${moment}`)
  }
  const left = await looks(t, hook, { ...kernel, ...covering }, asking)
  // There a delay of 0 while connecting is kept from libuv, which makes 60 s of it.
  const alike = ({ way }: Look) => !way.endsWith('(true, 0) while connecting')
  const plain = await looks(t, [], {}, asking)
  t.strictSame(left.filter(alike), plain.filter(alike))
})

t.test(
  'under respect what the program asks decides, and the rest is as without rules',
  async (t) => {
    const respect = { NAT_KEEPALIVE_APP: 'respect' }
    const seen = await looks(t, hook, { ...respect, ...other }, asking)
    t.strictSame(seen, await looks(t, hook, respect, asking))
    for (const { way, options } of seen) if (/off/.test(way)) t.match(options, [{ on: false }], way)
    const left = await looks(t, hook, { ...respect, ...covering }, asking)
    t.strictSame(left, await looks(t, [], {}, asking))
  },
)
