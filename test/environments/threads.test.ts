import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  assertBare,
  assertProtected,
  assertSame,
  observed,
  type Preload,
  startNode,
} from './compare'
import { createNetwork } from './network'

const major = Number(process.versions.node.split('.')[0])
const program = (name: string) => join(__dirname, 'programs', name)
const network = createNetwork(t)

/** Which ways of the preload reach a thread; what Node does not run in it cannot protect it. */
const threads: Readonly<Record<string, readonly Preload[]>> = {
  default: ['flag', 'NODE_OPTIONS', 'import'],
  execArgv: ['NODE_OPTIONS'],
  // NODE_OPTIONS is a part of the environment, and Node 18 forgets the flags together with it.
  ownEnv: major >= 20 ? ['flag', 'import'] : [],
  noEnv: major >= 20 ? ['flag', 'import'] : [],
  sharedEnv: ['flag', 'NODE_OPTIONS', 'import'],
  // Node runs no --import for a thread whose source is a string of CommonJS.
  eval: ['flag', 'NODE_OPTIONS'],
  dataUrl: ['flag', 'NODE_OPTIONS', 'import'],
  nested: ['flag', 'NODE_OPTIONS', 'import'],
}

async function plainAndHooked(t: Test, args: readonly string[], preload: Preload) {
  const start = (preload: Preload) => (port: number) => {
    const [file = '', ...rest] = args
    return startNode(preload, [program(file), String(port), ...rest])
  }
  const plain = await observed(await network, start(undefined))
  const hooked = await observed(await network, start(preload))
  assertSame(t, plain, hooked)
  t.equal(hooked.run.code, 0)
  return { plain, hooked }
}

for (const preload of ['flag', 'NODE_OPTIONS', 'import'] as const) {
  t.test(`worker threads, with the hook by ${preload}`, async (t) => {
    const names = Object.keys(threads)
    const { plain, hooked } = await plainAndHooked(t, ['threads.cjs', ...names], preload)
    assertBare(t, plain, 'without the hook')
    for (const [name, reached] of Object.entries(threads)) {
      const looks = hooked.looks.filter(({ path }) => path.startsWith(`/${name}/`))
      const assert = reached.includes(preload) ? assertProtected : assertBare
      assert(t, { run: hooked.run, looks }, name)
    }
  })
}

t.test('a thread that is ended in the middle of a connection ends as it would', async (t) => {
  const { hooked } = await plainAndHooked(t, ['threads.cjs', 'terminated', 'default'], 'flag')
  t.match(hooked.run.stdout, /^terminated exit 1\n/)
})

t.test('the thread of loader hooks is protected', async (t) => {
  for (const preload of ['flag', 'NODE_OPTIONS'] as const) {
    const { plain, hooked } = await plainAndHooked(t, ['loader.mjs'], preload)
    t.match(hooked.run.stdout, 'from the hooks: hooks net answer, hooks http answer')
    assertBare(t, plain, 'without the hook')
    assertProtected(t, hooked, preload)
  }
})
