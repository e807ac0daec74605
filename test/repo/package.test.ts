import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  assertProtected,
  assertUnprotected,
  needMounts,
  program,
  runMounted,
  temporaryFolder,
  version,
} from '../examples/mounts'
import { root, runNode } from '../run-node'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const [node = '', ...script] = program

// Without its scripts: `prepare` would empty dist under the other tests.
const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination']

function npm(cwd: string, ...args: string[]): string {
  const env = { ...process.env, NODE_OPTIONS: '' }
  return execFileSync('npm', args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const work = temporaryFolder(t)
const [packed] = Object.values(JSON.parse(npm(root, ...pack, work))) as [
  { filename: string; files: { path: string }[] },
]
const tarball = join(work, packed.filename)
const published = packed.files.map(({ path }) => path)

/** A folder with nothing in it but the installed package. */
function install(folder: string): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  npm(folder, 'install', '--no-audit', '--no-fund', tarball)
  return folder
}

const installed = install(join(work, 'installed'))
const home = join(installed, 'node_modules/nat-keepalive')

/** A copy of the installed folder, which the test may change. */
function copy(t: Test, name = 'app'): string {
  const folder = join(temporaryFolder(t), name)
  cpSync(installed, folder, { recursive: true, verbatimSymlinks: true })
  return folder
}

const entry = (folder: string) => join(folder, 'node_modules/nat-keepalive/register.js')

t.test('the tarball holds what users need, and nothing else', (t) => {
  const others = published.filter((path) => !/^(dist|docs|examples|native)\//.test(path)).sort()
  t.strictSame(others, [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'bin/nat-keepalive',
    'package.json',
    'profiles.json',
    'register.d.ts',
    'register.js',
  ])
  const odd = published.filter(
    (path) =>
      /fixtures|snapshot/.test(path) ||
      (/\.test\./.test(path) && !path.startsWith('examples/lab/')) ||
      !/\.([cm]?js|d\.ts|md|json|svg|ya?ml)$|^native\/[a-z0-9-]+\.(node|c|sh|txt)$|^LICENSE$|^bin\/nat-keepalive$|^examples\/(.*\/)?Dockerfile$/.test(
        path,
      ),
  )
  t.strictSame(odd, [])
  t.ok(published.includes('dist/lab/lab.js'), 'the demo needs the lab')
  t.end()
})

t.test('every file of dist comes from a source that is there, and names no source map', (t) => {
  const built = published.filter((path) => path.startsWith('dist/'))
  const sourceless = built.filter((path) => {
    const source = path.replace(/\.(js|d\.ts)$/, '.ts').replace(/^dist\//, 'src/')
    return !existsSync(join(root, source))
  })
  t.strictSame(sourceless, [])
  const mapped = built.filter((path) => readFileSync(join(home, path)).includes('sourceMapping'))
  t.strictSame(mapped, [])
  t.end()
})

t.test('every path of the manifest is in the tarball', (t) => {
  const { exports, bin, types, main } = manifest
  const paths = JSON.stringify([exports, bin, types, main]).match(
    /(?<=")(?:\.\/|dist\/)[^"]+(?=")/g,
  )
  const files = (paths ?? []).filter((path) => !(path in exports) || path.endsWith('.json'))
  t.ok(files.length >= 7, files.join())
  for (const path of files) t.ok(published.includes(path.replace(/^\.\//, '')), path)
  t.match(readFileSync(join(home, 'dist/bin.js'), 'utf8'), /^#!.*node\n/)
  t.end()
})

t.test('the hook works from the installed package', async (t) => {
  const spaces = copy(t, 'a folder with spaces')
  const required = (folder: string) => `--require ${JSON.stringify(entry(folder))}`
  const table: readonly [string, string[], { env?: Record<string, string>; cwd: string }][] = [
    ['-r', ['-r', 'nat-keepalive/register'], { cwd: installed }],
    ['--import', ['--import', 'nat-keepalive/register'], { cwd: installed }],
    [
      'NODE_OPTIONS',
      [],
      { cwd: installed, env: { NODE_OPTIONS: '--require nat-keepalive/register' } },
    ],
    ['elsewhere', [], { cwd: '/', env: { NODE_OPTIONS: `--require ${entry(installed)}` } }],
    ['a path with spaces', [], { cwd: '/', env: { NODE_OPTIONS: required(spaces) } }],
    ['-r, in a path with spaces', ['-r', 'nat-keepalive/register'], { cwd: spaces }],
    ['--import, in a path with spaces', ['--import', 'nat-keepalive/register'], { cwd: spaces }],
  ]
  for (const [name, args, options] of table) {
    assertProtected(t, await runNode([...args, ...script], options), name)
  }
  assertUnprotected(t, await runNode(script, { cwd: installed }), 'without it')
})

t.test('it works without its optional parts', async (t) => {
  const folder = copy(t)
  const modules = join(folder, 'node_modules')
  for (const name of readdirSync(modules).filter((name) => name !== 'nat-keepalive')) {
    rmSync(join(modules, name), { recursive: true })
  }
  for (const DEBUG of [undefined, 'nat-keepalive:*']) {
    const options = { cwd: folder, env: { DEBUG } }
    const run = await runNode(['-r', 'nat-keepalive/register', ...script], options)
    assertProtected(t, run, `DEBUG=${DEBUG}`)
  }
  const whole = { cwd: installed, env: { DEBUG: 'nat-keepalive:*' } }
  const run = await runNode(['-r', 'nat-keepalive/register', ...script], whole)
  t.match(run.stderr, /nat-keepalive:/, 'which DEBUG shows to be there otherwise')
})

/** Tries to write into each of these folders, and prints what became of it. */
const attempt = `
  const fs = require('fs')
  const seen = process.argv.slice(1).map((folder) => {
    const file = folder + '/nat-keepalive-attempt'
    try { fs.writeFileSync(file, ''); fs.unlinkSync(file); return 'written' }
    catch (error) { return error.code }
  })
  console.log(seen.join())`

t.test('it works from a read-only folder', async (t) => {
  if (!needMounts(t)) return
  const folder = copy(t)
  const readOnly = 'mount --bind "$PWD" "$PWD"; mount -o remount,bind,ro "$PWD"; cd "$PWD"'
  const options = { cwd: folder, env: { NODE_OPTIONS: `--require ${entry(folder)}` } }
  assertProtected(t, runMounted(readOnly, program, options), 'a program')
  const attempted = runMounted(
    readOnly,
    [node, '-e', attempt, folder, join(folder, 'node_modules')],
    options,
  )
  t.equal(attempted.stdout, 'EROFS,EROFS\n', 'and it really is read-only')
})

t.test('it works where nothing can be written', async (t) => {
  if (!needMounts(t)) return
  const folder = copy(t)
  const readOnly = `
    while read -r _ point _; do
      mount -o remount,bind,ro "$(printf '%b' "$point")" 2>/dev/null || true
    done < /proc/self/mounts`
  const options = { cwd: folder, env: { NODE_OPTIONS: `--require ${entry(folder)}`, HOME: folder } }
  assertProtected(t, runMounted(readOnly, program, options), 'a program')
  const folders = [folder, '/', '/tmp', '/var/tmp', '/dev/shm', '/run'].filter(existsSync)
  const attempted = runMounted(readOnly, [node, '-e', attempt, ...folders], options)
  t.equal(attempted.stdout, `${folders.map(() => 'EROFS').join()}\n`, 'and nothing can')
})

t.test('it can be required, and imported by name', async (t) => {
  const names = Object.keys(require(root)).sort()
  t.ok(names.includes('install') && names.includes('exempt') && names.includes('profiles'))
  const folder = copy(t)
  const list = `[${names.map((name) => `typeof ${name}`)}].join()`
  writeFileSync(
    join(folder, 'a.cjs'),
    `const { ${names} } = require('nat-keepalive'); console.log(${list})`,
  )
  writeFileSync(
    join(folder, 'a.mjs'),
    `import { ${names} } from 'nat-keepalive'; console.log(${list})`,
  )
  const kinds = names.map((name) => typeof require(root)[name]).join()
  for (const file of ['a.cjs', 'a.mjs']) {
    const run = await runNode([file], { cwd: folder })
    t.strictSame([run.code, run.stdout, run.stderr], [0, `${kinds}\n`, ''], file)
  }
  const { code, stdout } = await runNode(['-p', 'require("nat-keepalive/package.json").version'], {
    cwd: folder,
  })
  t.strictSame([code, stdout], [0, `${version}\n`])
  const deep = await runNode(['-e', 'require("nat-keepalive/dist/hook/hook.js")'], { cwd: folder })
  t.match(deep.stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/, 'and nothing else can')
})

const compiler = require.resolve('typescript/bin/tsc')

t.test('its types resolve', (t) => {
  const folder = copy(t)
  mkdirSync(join(folder, 'node_modules/@types'))
  symlinkSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'))
  const text = `import { channels, type Config, type Counters, counters, exempt, install, type LostMessage, type Profile, profiles } from 'nat-keepalive'
import 'nat-keepalive/register'
import { connect } from 'node:net'
const options: Partial<Config> = { limitMs: 350_000 }
const uninstall: () => void = install(options)
const profile: Profile | undefined = profiles[0]
exempt(connect(1))
const counted: Counters | null = counters()
const idle: number = counted?.lost.NKA301 ?? 0
channels.lost.subscribe(({ code, message, data }: LostMessage) => {
  const known: 'NKA301' | 'NKA302' | 'NKA303' | null = code
  const text: string = message
  const ms: number = data.maxIdleMs
})
channels.override.subscribe(({ code, data: { applied } }) => {
  const only: 'NKA204' = code
  const delay: number | null = applied.delayMs
})
uninstall()
export { profile }
`
  const compile = (extension: string, source: string) => {
    const file = `program.${extension}`
    writeFileSync(join(folder, file), source)
    const flags = '--noEmit --strict --module nodenext --target es2022 --types node'.split(' ')
    const argv = [compiler, ...flags, '--skipLibCheck', 'false', file]
    const env = { ...process.env, NODE_OPTIONS: '' }
    return spawnSync(node, argv, { cwd: folder, env, encoding: 'utf8' }).stdout
  }
  for (const extension of ['cts', 'mts']) {
    t.equal(compile(extension, text), '', extension)
    const wrong = compile(
      extension,
      text
        .replace('350_000', "'350s'")
        .replace('exempt', 'exemt')
        .replace('data.maxIdleMs', 'data.idleness'),
    )
    t.match(wrong, /TS2322/, `${extension}: they are types`)
    t.match(wrong, /TS2305|TS2724/, `${extension}: with names`)
    t.match(wrong, /TS2339.*idleness/, `${extension}: of messages too`)
  }
  t.end()
})

t.test('the command line is there', (t) => {
  t.equal(npm(installed, 'exec', '--offline', '--', 'nat-keepalive', '--version'), `${version}\n`)
  const npx = (...args: string[]) =>
    spawnSync('npx', ['--offline', 'nat-keepalive', ...args], {
      cwd: installed,
      env: { ...process.env, NODE_OPTIONS: '' },
      encoding: 'utf8',
    })
  t.equal(npx('--version').stdout, `${version}\n`)
  t.equal(npx('nonsense').status, 2, 'and its exit code is its own')
  t.match(npx('--help').stdout, /^Usage: nat-keepalive/)
  t.end()
})
