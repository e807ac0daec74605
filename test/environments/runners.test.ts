import { cpSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryFolder } from '../examples/mounts'
import { ensurePackages } from '../packages'
import { root } from '../run-node'
import { assertBare, assertProtected, type Observed, observed, startNode } from './compare'
import { createNetwork } from './network'

const network = createNetwork(t)
const packages = ensurePackages(__dirname)

/** A folder of a user with tests, TypeScript and installed packages. */
function project(t: Test, modules: string): string {
  const folder = temporaryFolder(t)
  cpSync(join(__dirname, 'programs/runners'), folder, { recursive: true })
  cpSync(join(__dirname, 'programs/client.cjs'), join(folder, 'client.cjs'))
  symlinkSync(modules, join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  writeFileSync(join(folder, 'program.ts'), typescript)
  const compilerOptions = { module: 'commonjs', target: 'es2022' }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  return folder
}

const typescript = `import { main } from './client.cjs'
interface Named { readonly name: string }
async function ask(port: number, { name }: Named): Promise<never> {
  await main(port, name, ['net', 'http'])

  throw new Error('at line 6')
}
ask(Number(process.argv[2]), { name: 'typescript' }).catch((error: Error) => {
  console.log(error.stack?.split('\\n').slice(0, 2).join())
  process.exitCode = 3
})
`

/** Without times, and without the folder, which each run has of its own. */
function words({ run }: Observed, folder: string, anyOrder: boolean) {
  const order = (text: string) => (anyOrder ? text.split('\n').sort().join('\n') : text)
  const clean = (text: string) =>
    order(text)
      .replaceAll(folder, 'FOLDER')
      .replaceAll(/\d+(\.\d+)?\s?m?s\b/g, 'TIME')
      .replaceAll(/(duration_ms:?|time=?) ?[\d.]+/g, '$1 TIME')
      .replaceAll(/Start at .*/g, '')
      .replaceAll(/ +\(TIME\)| +TIME$/gm, '')
  return { ...run, stdout: clean(run.stdout), stderr: clean(run.stderr) }
}

interface Case {
  readonly name: string
  readonly modules?: string
  /** After node, the hook before them unless there is `NODE_OPTIONS`. */
  readonly args: (modules: string) => readonly string[]
  readonly env?: Record<string, string>
  readonly preload?: 'flag' | 'NODE_OPTIONS'
  /** How it ends; 0 unless given. */
  readonly code?: number
  /** Whether its lines come as they come. */
  readonly anyOrder?: boolean
  /** In what it says. */
  readonly says: RegExp
}

async function assertCase(t: Test, options: Case): Promise<{ plain: Observed; hooked: Observed }> {
  const { args, env = {}, preload = 'flag', code = 0, anyOrder = false, says } = options
  const modules = options.modules ?? (await packages)
  const start = async (preload: Case['preload']) => {
    const folder = project(t, modules)
    const seen = await observed(await network, (port) =>
      startNode(preload, [...args(modules), ...(code === 3 ? [String(port)] : [])], {
        cwd: folder,
        env: { ...env, PORT: String(port), NO_COLOR: '1', HOME: folder, TS_NODE_CACHE: 'false' },
      }),
    )
    return { folder, seen }
  }
  const [plain, hooked] = await Promise.all([start(undefined), start(preload)])
  const said = words(plain.seen, plain.folder, anyOrder)
  t.strictSame(words(hooked.seen, hooked.folder, anyOrder), said, 'the same words')
  t.equal(said.code, code, said.stdout + said.stderr)
  t.match(said.stdout + said.stderr, says)
  return { plain: plain.seen, hooked: hooked.seen }
}

const jest = (modules: string) => [join(modules, 'jest/bin/jest.js'), '--watchman=false']

const cases: readonly Case[] = [
  {
    name: 'jest, looking for open handles',
    args: (modules) => [...jest(modules), '--runInBand', '--detectOpenHandles', '--verbose'],
    says: /^(?![\s\S]*open handle)[\s\S]*4 passed/,
  },
  {
    name: 'jest, in worker processes',
    args: (modules) => [...jest(modules), '--maxWorkers=2', '--silent'],
    preload: 'NODE_OPTIONS',
    anyOrder: true,
    says: /4 passed/,
  },
  {
    name: 'vitest, in processes',
    args: (modules) => [join(modules, 'vitest/vitest.mjs'), 'run'],
    env: { POOL: 'forks' },
    preload: 'NODE_OPTIONS',
    says: /Tests +2 passed/,
  },
  {
    name: 'vitest, in threads',
    args: (modules) => [join(modules, 'vitest/vitest.mjs'), 'run'],
    env: { POOL: 'threads' },
    preload: 'NODE_OPTIONS',
    says: /Tests +2 passed/,
  },
  { name: 'node --test', args: () => ['--test', 'node-test.cjs'], says: /pass [12]\b/ },
  {
    name: 'node --test, by NODE_OPTIONS',
    args: () => ['--test', 'node-test.cjs'],
    preload: 'NODE_OPTIONS',
    says: /pass [12]\b/,
  },
  {
    name: 'tap',
    modules: join(root, 'node_modules'),
    args: (modules) => [
      join(modules, '@tapjs/run/dist/esm/index.js'),
      '--disable-coverage',
      '--allow-empty-coverage',
      '--reporter=tap',
      'tap.cjs',
    ],
    preload: 'NODE_OPTIONS',
    says: /pass: 2/,
  },
  {
    name: 'tsx',
    args: (modules) => [join(modules, 'tsx/dist/cli.mjs'), 'program.ts'],
    preload: 'NODE_OPTIONS',
    code: 3,
    says: /program\.ts:6:/,
  },
  {
    name: 'tsx as a loader',
    args: (modules) => ['--import', join(modules, 'tsx/dist/loader.mjs'), 'program.ts'],
    code: 3,
    says: /program\.ts:6:/,
  },
  {
    name: 'ts-node',
    args: (modules) => [join(modules, 'ts-node/dist/bin.js'), '--transpile-only', 'program.ts'],
    preload: 'NODE_OPTIONS',
    code: 3,
    says: /program\.ts:6:/,
  },
  {
    name: 'ts-node as a preload',
    args: (modules) => ['-r', join(modules, 'ts-node/register/transpile-only.js'), 'program.ts'],
    code: 3,
    says: /program\.ts:6:/,
  },
]

for (const each of cases) {
  t.test(`${each.name}: protected, and the same words`, async (t) => {
    const { plain, hooked } = await assertCase(t, each)
    const paths = ({ looks }: Observed) => looks.map(({ path }) => path).sort()
    t.strictSame(paths(hooked), paths(plain), 'the same requests')
    assertBare(t, plain, 'without the hook')
    assertProtected(t, hooked, 'with the hook')
  })
}

t.test('jest tells of the same open handles of a test, at the same place', async (t) => {
  await assertCase(t, {
    name: 'jest',
    args: (modules) => [
      ...jest(modules),
      '--detectOpenHandles',
      '--forceExit',
      '--testMatch',
      '**/open.cjs',
    ],
    says: /has detected the following 1 open handle[\s\S]*open\.cjs:\d/,
  })
})
