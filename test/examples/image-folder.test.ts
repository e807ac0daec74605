import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { root } from '../run-node'
import {
  assertProtected,
  assertUnprotected,
  atOpt,
  needMounts,
  program,
  runMounted,
  temporaryFolder,
  version,
} from './mounts'
import { loadPackages, readExample } from './packages'

const script = join(root, 'scripts/build-image-folder.cjs')
const environment = { ...process.env, NODE_OPTIONS: '' }

function run(...args: string[]) {
  const argv = [script, ...args]
  return spawnSync(process.execPath, argv, { env: environment, encoding: 'utf8' })
}

function build(t: Test): string {
  const folder = join(temporaryFolder(t), 'image')
  const { status, stdout, stderr } = run(folder)
  t.strictSame([status, stdout, stderr], [0, '', ''])
  return folder
}

/** The files under a folder, by their path in it. */
function list(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .flatMap((entry) => {
      const name = `${prefix}${entry.name}`
      return entry.isDirectory() ? list(folder, `${name}/`) : [name]
    })
    .sort()
}

/** The instructions of the Dockerfile, with their lines joined. */
function instructions(): string[] {
  return readExample('Dockerfile')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

const own = (name: string) => !name.startsWith('node_modules/')

t.test('the folder holds what is published, and what that depends on', async (t) => {
  const folder = build(t)
  const args = ['pack', '--ignore-scripts', '--dry-run', '--json']
  const packed = execFileSync('npm', args, {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ files }] = Object.values(JSON.parse(String(packed))) as [{ files: { path: string }[] }]
  t.strictSame(list(folder).filter(own), files.map(({ path }) => path).sort())
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const modules = list(folder).filter((name) => /^node_modules\/[^/]+\/package\.json$/.test(name))
  t.strictSame(
    modules.map((name) => name.split('/')[1]),
    ['debug', 'ms', 'semver'],
  )
  for (const name of modules) {
    const { version } = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    t.equal(version, packages[name.slice(0, -'/package.json'.length)].version, name)
  }
})

t.test('everybody may read it, whoever built it', async (t) => {
  const folder = join(temporaryFolder(t), 'image')
  const argv = ['-c', 'umask 077; exec "$@"', 'sh', process.execPath, script, folder]
  t.equal(spawnSync('sh', argv, { env: environment }).status, 0)
  const closed = list(folder).filter(
    (name) => (statSync(join(folder, name)).mode & 0o444) !== 0o444,
  )
  t.strictSame(closed, [])
  t.equal(statSync(join(folder, 'dist')).mode & 0o777, 0o755)
  t.equal(statSync(folder).mode & 0o777, 0o755)
})

t.test('a folder with content is not touched, and wrong usage is 2', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'mine'), '')
  const refused = run(folder)
  t.equal(refused.status, 1)
  t.match(refused.stderr, /^The folder was not built\. .* is not empty, .*: name a new folder\.\n$/)
  t.strictSame(readdirSync(folder), ['mine'])
  for (const args of [[], [folder, 'more']]) {
    const wrong = run(...args)
    t.strictSame(
      [wrong.status, wrong.stderr],
      [2, 'Usage: node scripts/build-image-folder.cjs FOLDER\n'],
    )
  }
})

t.test('the Dockerfile has no fault that its parser or its linter knows', async (t) => {
  const packages = await loadPackages()
  const { validate } = packages.require('dockerfile-utils')
  const linter = packages.require('dockerfilelint')
  const text = readExample('Dockerfile')
  const faults = (source: string): string[] => [
    ...validate(source).map(({ message }: { message: string }) => message),
    ...linter.run('.', source).map(({ title }: { title: string }) => title),
  ]
  t.strictSame(faults(text), [])
  t.match(faults(text.replace('COPY --from', 'COPI --from')).join(), /Unknown instruction: COPI/)
  t.match(faults(text.replace('.js"', '.js')).join(), /double-quote/)
  t.match(faults(`${text}RUN apt-get update\n`).join(), /apt-get/i)
})

t.test('the Dockerfile names this version, and the path of the hook', (t) => {
  const lines = instructions()
  t.ok(lines.includes(`ARG PACKAGE=nat-keepalive@${version}`))
  t.ok(lines.includes('COPY --from=hook /build/node_modules/nat-keepalive /opt/nat-keepalive'))
  t.match(
    readExample('Dockerfile'),
    new RegExp(`--tag registry\\.example\\.com/nat-keepalive:${version.replaceAll('.', '\\.')} `),
  )
  t.end()
})

t.test('what the Dockerfile installs is what the script builds', async (t) => {
  const folder = build(t)
  const work = temporaryFolder(t)
  const pack = ['pack', '--ignore-scripts', '--pack-destination', work]
  execFileSync('npm', pack, { cwd: root, env: environment, stdio: 'ignore' })
  const [tarball = ''] = readdirSync(work)
  const [command = ''] = instructions().flatMap((line) =>
    line.startsWith('RUN ') ? [line.slice(4)] : [],
  )
  mkdirSync(join(work, 'build'))
  const env = { ...environment, PACKAGE: join(work, tarball) }
  execFileSync('sh', ['-ec', command], { cwd: join(work, 'build'), env, stdio: 'ignore' })
  const installed = join(work, 'build/node_modules/nat-keepalive')
  t.strictSame(list(installed).filter(own), list(folder).filter(own))
  t.ok(list(installed).includes('node_modules/semver/package.json'), 'its dependencies are in it')
})

t.test('a program is protected by the folder and the Dockerfile’s NODE_OPTIONS', async (t) => {
  if (!needMounts(t)) return
  const folder = build(t)
  const [, NODE_OPTIONS = ''] = /^ENV NODE_OPTIONS="(.*)"$/m.exec(readExample('Dockerfile')) ?? []
  t.equal(NODE_OPTIONS, '--require=/opt/nat-keepalive/register.js')
  const env = { NODE_OPTIONS }
  assertProtected(t, runMounted(atOpt(folder), program, { env }), 'a program')
  assertProtected(t, runMounted(atOpt(folder), program, { env, cwd: '/' }), 'elsewhere')
  assertUnprotected(t, runMounted(atOpt(folder), program), 'without them')
  const cli = [process.execPath, '/opt/nat-keepalive/dist/bin.js', '--version']
  t.equal(runMounted(atOpt(folder), cli, { env }).stdout, `${version}\n`)
})
