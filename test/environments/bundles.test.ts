import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../examples/mounts'
import { ensurePackages } from '../packages'
import { register, root, runNode } from '../run-node'
import { assertProtected, compare, observed, startNode } from './compare'
import { createNetwork } from './network'

const network = createNetwork(t)
const packages = ensurePackages(__dirname)

const banner =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

const formats = {
  'CommonJS, minified': ['--format=cjs', '--minify'],
  'an ES module': ['--format=esm', `--banner:js=${banner}`],
}

/** Bundles a program into a file that is alone in its folder. */
async function bundle(t: Parameters<typeof temporaryFolder>[0], name: string, flags: string[]) {
  const modules = await packages
  const file = join(temporaryFolder(t), flags.includes('--format=esm') ? 'app.mjs' : 'app.cjs')
  const run = await runNode(
    [
      join(modules, 'esbuild/bin/esbuild'),
      join(__dirname, 'programs', name),
      '--bundle',
      '--platform=node',
      '--target=node18',
      '--log-level=warning',
      `--outfile=${file}`,
      `--alias:ws=${join(modules, 'ws')}`,
      `--alias:nat-keepalive/register=${register}`,
      `--alias:nat-keepalive=${root}`,
      ...flags,
    ],
    { env: { ESBUILD_BINARY_PATH: undefined } },
  )
  t.strictSame([run.code, run.stderr], [0, ''])
  return file
}

for (const [format, flags] of Object.entries(formats)) {
  t.test(`a program bundled as ${format} is protected by the preload`, async (t) => {
    const file = await bundle(t, 'bundled.cjs', flags)
    const { hooked } = await compare(t, await network, (preload, port) =>
      startNode(preload, [file, String(port)]),
    )
    t.match(hooked.run, { code: 0, stdout: /ws answer\nclosed 1000\n$/ })
  })

  t.test(`the package bundled as ${format} protects the program that it is in`, async (t) => {
    const file = await bundle(t, 'installing.cjs', flags)
    const { run, looks } = await observed(await network, (port) =>
      startNode(undefined, [file, String(port)]),
    )
    t.match(run, { code: 0, stderr: '', stdout: /\n127\.0\.0\.1 45000 safe\n$/ })
    assertProtected(t, { run, looks }, 'installed')
  })

  t.test(`the preload bundled as ${format} protects the program that it is in`, async (t) => {
    const file = await bundle(t, 'registering.cjs', flags)
    const { run, looks } = await observed(await network, (port) =>
      startNode(undefined, [file, String(port)]),
    )
    t.match(run, { code: 0, stderr: '', stdout: /ws answer\nclosed 1000\n$/ })
    assertProtected(t, { run, looks }, 'registered')
  })

  t.test(`a bundle as ${format} with the package in it is one hook with the preload`, async (t) => {
    const file = await bundle(t, 'registering.cjs', flags)
    const { run, looks } = await observed(await network, (port) =>
      startNode('flag', [file, String(port)]),
    )
    t.match(run, { code: 0, stderr: '' })
    assertProtected(t, { run, looks }, 'registered')
  })
}
