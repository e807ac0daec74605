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

const program = (name: string) => join(__dirname, 'programs', name)
const network = createNetwork(t)
const preloads = ['flag', 'NODE_OPTIONS', 'import'] as const

/** Which ways of the preload reach a process; what Node does not run in it cannot protect it. */
const processes: Readonly<Record<string, readonly Preload[]>> = {
  fork: ['flag', 'NODE_OPTIONS', 'import'],
  forkExecArgv: ['NODE_OPTIONS'],
  forkOwnEnv: ['flag', 'NODE_OPTIONS', 'import'],
  forkNoEnv: ['flag', 'import'],
  spawn: ['NODE_OPTIONS'],
  spawnExecArgv: ['NODE_OPTIONS'],
  spawnOwnEnv: ['NODE_OPTIONS'],
  spawnNoEnv: [],
  spawnElsewhere: ['NODE_OPTIONS'],
  shell: ['NODE_OPTIONS'],
}

async function plainAndHooked(t: Test, preload: Preload, [file = '', ...rest]: readonly string[]) {
  const start = (preload: Preload) => (port: number) =>
    startNode(preload, [program(file), String(port), ...rest])
  const [plain, hooked] = await Promise.all([
    observed(await network, start(undefined)),
    observed(await network, start(preload)),
  ])
  assertSame(t, plain, hooked)
  t.equal(hooked.run.code, 0)
  assertBare(t, plain, 'without the hook')
  return hooked
}

for (const preload of preloads) {
  t.test(`child processes, with the hook by ${preload}`, async (t) => {
    const names = Object.keys(processes)
    const hooked = await plainAndHooked(t, preload, ['processes.cjs', ...names])
    for (const [name, reached] of Object.entries(processes)) {
      const looks = hooked.looks.filter(({ path }) => path.startsWith(`/${name}/`))
      const assert = reached.includes(preload) ? assertProtected : assertBare
      assert(t, { run: hooked.run, looks }, name)
    }
  })

  t.test(`a cluster, with the hook by ${preload}`, async (t) => {
    const hooked = await plainAndHooked(t, preload, ['cluster.cjs'])
    assertProtected(t, hooked, 'cluster')
    t.equal(new Set(hooked.looks.map(({ pid }) => pid)).size, 3, 'in three processes')
  })
}

t.test('a cluster whose workers have flags of their own', async (t) => {
  const hooked = await plainAndHooked(t, 'NODE_OPTIONS', ['cluster.cjs', 'execArgv'])
  assertProtected(t, hooked, 'cluster')
})
