import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  lstatSync,
  readdirSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryFolder } from '../examples/mounts'
import { ensurePackages } from '../packages'
import { root, withEnv } from '../run-node'
import { assertBare, assertProtected, assertSame, observed } from './compare'
import { createNetwork, type Network } from './network'

const network = createNetwork(t)
const packages = ensurePackages(__dirname)

const work = temporaryFolder(t)
const [packed] = Object.values(
  JSON.parse(
    execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', work], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ),
) as [{ filename: string }]

/** What would come from the registry comes from the checkout: installing needs no network. */
const local = Object.fromEntries(
  ['debug', 'ms', 'semver'].map((name) => [
    name,
    `file:${realpathSync(join(root, 'node_modules', name))}`,
  ]),
)

/** A folder with a program that depends on the packed package, and with these files. */
function project(t: Test, manifest: object, files: Record<string, string>): string {
  const folder = temporaryFolder(t)
  const dependencies = { 'nat-keepalive': `file:${join(work, packed.filename)}` }
  const text = JSON.stringify({ name: 'app', private: true, dependencies, ...manifest })
  writeFileSync(join(folder, 'package.json'), text)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  for (const name of ['client.cjs', 'client.mjs']) {
    copyFileSync(join(__dirname, 'programs', name), join(folder, name))
  }
  return folder
}

function install(t: Test, { inside }: Network, folder: string, args: readonly string[]): void {
  // Nothing of this user's: stores, caches and settings of package managers lie under HOME.
  const home = join(folder, 'home')
  const env = {
    HOME: home,
    XDG_CACHE_HOME: home,
    XDG_DATA_HOME: home,
    XDG_STATE_HOME: home,
    CI: '1',
  }
  const [command = '', ...rest] = withEnv(env, inside([process.execPath, ...args]))
  const { status, stdout, stderr } = spawnSync(command, rest, { cwd: folder, encoding: 'utf8' })
  t.equal(status, 0, `${stdout}${stderr}`)
}

interface Case {
  readonly name: string
  /** Flags without the hook, and those which add it. */
  readonly flags?: readonly string[]
  readonly hook?: readonly string[]
  readonly NODE_OPTIONS?: string
  readonly program?: string
}

async function assertCases(t: Test, folder: string, cases: readonly Case[]): Promise<void> {
  for (const { name, flags = [], hook = [], NODE_OPTIONS = '', program = 'client.cjs' } of cases) {
    const start = (hook: readonly string[], NODE_OPTIONS: string) => async () =>
      observed(await network, (port) => ({
        argv: [process.execPath, ...flags, ...hook, program, String(port)],
        env: { NODE_OPTIONS },
        cwd: folder,
      }))
    const [plain, hooked] = await Promise.all([start([], '')(), start(hook, NODE_OPTIONS)()])
    assertSame(t, plain, hooked, name)
    t.equal(hooked.run.code, 0, name)
    assertBare(t, plain, name)
    assertProtected(t, hooked, name)
  }
}

t.test(
  'pnpm: the package behind symbolic links, its dependencies out of reach of others',
  async (t) => {
    const folder = project(t, { pnpm: { overrides: local } }, {})
    const pnpm = join(await packages, 'pnpm/bin/pnpm.cjs')
    const store = ['--store-dir', join(folder, 'store')]
    install(t, await network, folder, [pnpm, 'install', '--offline', '--ignore-scripts', ...store])
    t.ok(lstatSync(join(folder, 'node_modules/nat-keepalive')).isSymbolicLink())
    t.notOk(existsSync(join(folder, 'node_modules/debug')))
    await assertCases(t, folder, [
      { name: '-r', hook: ['-r', 'nat-keepalive/register'] },
      { name: '--import', hook: ['--import', 'nat-keepalive/register'], program: 'client.mjs' },
      { name: 'NODE_OPTIONS', NODE_OPTIONS: '--require nat-keepalive/register' },
      {
        name: '--preserve-symlinks',
        flags: ['--preserve-symlinks', '--preserve-symlinks-main'],
        hook: ['-r', 'nat-keepalive/register'],
      },
    ])
    await assertDebugs(t, folder, ['-r', 'nat-keepalive/register'])
  },
)

t.test('Yarn Plug and Play: the package in an archive, without node_modules', async (t) => {
  const settings =
    'enableTelemetry: false\nenableGlobalCache: false\nnodeLinker: pnp\npnpEnableEsmLoader: true\n'
  const files = { '.yarnrc.yml': settings, 'yarn.lock': '' }
  const folder = project(t, { resolutions: local }, files)
  const yarn = join(await packages, '@yarnpkg/cli-dist/bin/yarn.js')
  install(t, await network, folder, [yarn, 'install', '--no-immutable'])
  t.notOk(existsSync(join(folder, 'node_modules')))
  const archives = readdirSync(join(folder, '.yarn/cache'))
  t.ok(
    archives.some((name) => /^nat-keepalive-.*\.zip$/.test(name)),
    archives.join(),
  )
  const pnp = join(folder, '.pnp.cjs')
  const flags = ['-r', pnp]
  await assertCases(t, folder, [
    { name: '-r', flags, hook: ['-r', 'nat-keepalive/register'] },
    {
      name: '--import',
      flags: [...flags, '--experimental-loader', join(folder, '.pnp.loader.mjs')],
      hook: ['--import', 'nat-keepalive/register'],
      program: 'client.mjs',
    },
    { name: 'NODE_OPTIONS', NODE_OPTIONS: `--require ${pnp} --require nat-keepalive/register` },
    { name: 'yarn node', flags: [yarn, 'node'], hook: ['-r', 'nat-keepalive/register'] },
  ])
  await assertDebugs(t, folder, [...flags, '-r', 'nat-keepalive/register'])
})

/** The optional part, a dependency of the package and not of the program, is found from within it. */
async function assertDebugs(t: Test, folder: string, flags: readonly string[]): Promise<void> {
  const { run } = await observed(await network, (port) => ({
    argv: [process.execPath, ...flags, 'client.cjs', String(port), 'main', 'net'],
    env: { DEBUG: 'nat-keepalive:*' },
    cwd: folder,
  }))
  t.match(run.stderr, /nat-keepalive:hook.* 127\.0\.0\.1:PORT /)
}
