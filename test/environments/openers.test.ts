import { realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryFolder } from '../examples/mounts'
import { ensurePackages } from '../packages'
import { register, root, runNode } from '../run-node'

const packages = ensurePackages(__dirname)

/** What no compiler writes down as it stands: the call is on line 9 of it, and on no such line after. */
const typescript = `import * as net from 'node:net'

interface To {
  readonly port: number
  readonly host: string
}

function open({ port, host }: To): net.Socket {
  return net.connect({ port, host })
}

const server = net.createServer((socket) => socket.on('error', () => {}))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as net.AddressInfo
  open({ port, host: '127.0.0.1' }).on('error', () => {}).on('connect', () => {
    const { report } = require(process.env.PACKAGE as string)
    console.log(JSON.stringify(report().sockets[0].opener))
    process.exit()
  })
})
`

interface Project {
  readonly folder: string
  readonly modules: string
}

/** A folder of a user with a program in TypeScript, and the packages that run it. */
async function project(t: Test): Promise<Project> {
  const modules = await packages
  const folder = realpathSync(temporaryFolder(t))
  symlinkSync(modules, join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  writeFileSync(join(folder, 'program.ts'), typescript)
  const compilerOptions = { module: 'commonjs', target: 'es2022' }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  return { folder, modules }
}

/** Where the program, started so in its folder, opened its connection, as the hook has it. */
async function placeOf(t: Test, { folder }: Project, args: readonly string[]): Promise<string> {
  const env = {
    NODE_OPTIONS: `--require ${register}`,
    PACKAGE: root,
    HOME: folder,
    TS_NODE_CACHE: 'false',
  }
  const { code, stdout, stderr } = await runNode(args, { cwd: folder, env, timeoutMs: 60_000 })
  t.strictSame([code, stderr], [0, ''])
  const { place, package: packageName } = JSON.parse(stdout)
  t.equal(packageName, null)
  return String(place).replace('file://', '').replace(folder, 'FOLDER')
}

/** Bundles the program into dist/app.js of its folder. */
async function bundle(t: Test, { folder, modules }: Project, flags: readonly string[]) {
  const args = ['--bundle', '--platform=node', '--outfile=dist/app.js', '--log-level=warning']
  const esbuild = join(modules, 'esbuild/bin/esbuild')
  const { code, stderr } = await runNode([esbuild, 'program.ts', ...args, ...flags], {
    cwd: folder,
    env: { ESBUILD_BINARY_PATH: undefined },
  })
  t.strictSame([code, stderr], [0, ''])
}

interface Runner {
  readonly args: (modules: string) => readonly string[]
  /** What is left of the place where nobody asked for source maps: some runners do so themselves. */
  readonly unasked: string
}

const runners: Readonly<Record<string, Runner>> = {
  tsx: { args: (modules) => [join(modules, 'tsx/dist/cli.mjs')], unasked: 'program.ts:9' },
  'tsx as a loader': {
    args: (modules) => ['--import', join(modules, 'tsx/dist/loader.mjs')],
    unasked: 'program.ts:9',
  },
  'ts-node': {
    args: (modules) => [join(modules, 'ts-node/dist/bin.js'), '--transpile-only'],
    unasked: 'program.ts',
  },
}

for (const [name, { args, unasked }] of Object.entries(runners)) {
  t.test(`${name}: a line is one of what was written, or there is none`, async (t) => {
    const own = await project(t)
    const start = [...args(own.modules), 'program.ts']
    t.equal(await placeOf(t, own, start), `FOLDER/${unasked}`)
    const mapped = await placeOf(t, own, ['--enable-source-maps', ...start])
    t.equal(mapped, 'FOLDER/program.ts:9', 'with source maps on')
  })
}

for (const [name, flags] of [
  ['with its map in a file', ['--sourcemap', '--minify']],
  ['with its map inside', ['--sourcemap=inline']],
] as const) {
  t.test(`a bundle of esbuild ${name}: the line of what was written`, async (t) => {
    const own = await project(t)
    await bundle(t, own, flags)
    const place = await placeOf(t, own, ['--enable-source-maps', 'dist/app.js'])
    t.equal(place, 'FOLDER/program.ts:9')
  })
}

for (const [name, flags] of [
  ['a bundle', []],
  ['a minified bundle', ['--minify']],
] as const) {
  t.test(`${name} of esbuild without its map has no line`, async (t) => {
    const own = await project(t)
    await bundle(t, own, [...flags, '--inject:node_modules/ws/index.js'])
    for (const maps of [[], ['--enable-source-maps']]) {
      t.equal(await placeOf(t, own, [...maps, 'dist/app.js']), 'FOLDER/dist/app.js')
    }
  })
}
