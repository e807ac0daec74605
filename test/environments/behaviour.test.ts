import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryFolder } from '../examples/mounts'
import { ensurePackages } from '../packages'
import { register } from '../run-node'
import {
  assertBare,
  assertProtected,
  assertSame,
  compare,
  observed,
  schedule,
  startNode,
} from './compare'
import { createNetwork } from './network'

const program = (name: string) => join(__dirname, 'programs', name)
const network = createNetwork(t)
const packages = ensurePackages(__dirname)

const same: Readonly<Record<string, { file: string; says: RegExp }>> = {
  'subclasses, instanceof and wrong calls': { file: 'subclasses.cjs', says: /Modern true Modern/ },
  'contexts, asynchronous stacks and hooks': {
    file: 'contexts.cjs',
    says: /at async caught/,
  },
}

for (const [name, { file, says }] of Object.entries(same)) {
  t.test(`${name} are the same`, async (t) => {
    const { hooked } = await compare(t, await network, (preload, port) =>
      startNode(preload, [program(file), String(port)]),
    )
    t.match(hooked.run, { code: 0, stdout: says })
  })
}

t.test('patches of others, before the hook and after it, see and do the same', async (t) => {
  const file = program('patches.cjs')
  const early = program('patch-early.cjs')
  const orders: Readonly<Record<string, readonly string[]>> = {
    'before the hook': ['-r', early, '-r', register],
    'after the hook': ['-r', register, '-r', early],
  }
  const run = async (flags: readonly string[]) =>
    observed(await network, (port) => startNode(undefined, [...flags, file, String(port)]))
  const plain = await run(['-r', early])
  t.match(plain.run, { code: 0, stderr: '', stdout: /early/ })
  t.equal(plain.looks.length, 5)
  assertBare(t, plain, 'without the hook')
  for (const [name, flags] of Object.entries(orders)) {
    const hooked = await run(flags)
    assertSame(t, plain, hooked, name)
    assertProtected(t, hooked, name)
  }
})

interface Heap {
  readonly left: number
  readonly heap: number[]
}

/** No look comes in between, which would hold what is idle until the next. */
const never = { NAT_KEEPALIVE_AUDIT: '10m' }
const often = { NAT_KEEPALIVE_AUDIT: '1s', NAT_KEEPALIVE_IDLE_LOOPBACK: 'on' }

async function heap(t: Test, kind: string, count: number, env: Record<string, string> = {}) {
  // Its own network takes along what the kernel keeps of closed connections.
  const flags = ['--no-warnings', '--expose-gc']
  const waitMs = env === often ? 2_500 : 0
  const { run } = await observed(
    await network,
    () =>
      startNode('flag', [...flags, program('heap.cjs'), kind, String(count), String(waitMs)], {
        env,
      }),
    120_000,
  )
  t.strictSame([run.code, run.stderr], [0, ''])
  return JSON.parse(run.stdout) as Heap
}

t.test('of 1,000 closed connections nothing is left on the heap', async (t) => {
  t.equal((await heap(t, 'ended', 1_000)).left, 0, 'ended by the server')
  t.equal((await heap(t, 'destroyed', 1_000)).left, 0, 'destroyed by the program')
  t.equal((await heap(t, 'held', 1_000, often)).left, 0, 'after looks at them while idle')
})

for (const [count, env] of [
  [100_000, never],
  [20_000, often],
] as const) {
  const every = env.NAT_KEEPALIVE_AUDIT
  t.test(`${count} quick connections leave the heap as it is, looks every ${every}`, async (t) => {
    const { left, heap: sizes } = await heap(t, 'ended', count, env)
    t.equal(left, 0)
    const [, second = 0] = sizes
    const growth = Math.max(...sizes.slice(2)) - second
    // Of 100,000, 25 bytes kept of each would be so much.
    t.ok(growth < 2_000_000, `${sizes.map((size) => (size / 1e6).toFixed(1)).join()} MB`)
  })
}

t.test('a file system that is replaced at the first connection', async (t) => {
  const folder = temporaryFolder(t)
  cpSync(program('mocked.cjs'), join(folder, 'mocked.cjs'))
  symlinkSync(await packages, join(folder, 'node_modules'))
  // mock-fs 5 replaces a binding that Node 26 has not.
  const mockFs = Number(process.versions.node.split('.')[0]) < 26 ? ['mock-fs'] : []
  for (const how of [...mockFs, 'memfs', 'fs that throws']) {
    const start = (preload?: 'flag') => async () =>
      observed(await network, (port) =>
        startNode(preload, [join(folder, 'mocked.cjs'), String(port), how]),
      )
    const plain = await start()()
    const hooked = await start('flag')()
    assertBare(t, plain, how)
    t.match(plain.run, { code: 0, stdout: 'restored\n', stderr: '' }, how)
    const complaint = /^\(node:PID\) \[NKA002\] .*\n\(Use .*\n/
    const stderr = hooked.run.stderr.replace(complaint, '')
    t.strictSame({ ...hooked.run, stderr }, plain.run, `${how}: the program is the same`)
    const after = hooked.looks.filter(({ path }) => path === '/mocked/restored/net')
    t.equal(after.length, 1)
    t.strictSame(after[0]?.options, schedule, `${how}: protected when it is back`)
  }
})
