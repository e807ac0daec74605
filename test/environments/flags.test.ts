import { dirname, join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../examples/mounts'
import { register, root } from '../run-node'
import { assertBare, compare, observed, type Preload, startNode } from './compare'
import { createNetwork } from './network'

const major = Number(process.versions.node.split('.')[0])
const client = join(__dirname, 'programs/client.cjs')
const network = createNetwork(t)

const table: readonly { flags: readonly string[]; program?: string; ways?: string }[] = [
  { flags: [] },
  { flags: ['--frozen-intrinsics'] },
  { flags: ['--disable-proto=delete'] },
  { flags: ['--disable-proto=throw'] },
  { flags: ['--no-addons'] },
  // fetch needs WebAssembly.
  { flags: ['--jitless'], ways: 'net,http,https' },
  { flags: ['--enable-source-maps'] },
  { flags: ['--disallow-code-generation-from-strings'] },
  { flags: ['--preserve-symlinks'] },
  { flags: ['--no-deprecation', '--throw-deprecation', '--pending-deprecation'] },
  { flags: [], program: 'client.mjs' },
]

for (const { flags, program = 'client.cjs', ways } of table) {
  t.test(
    `${program} with ${flags.join(' ') || 'no flag'} is protected, and the same`,
    async (t) => {
      const preloads: Preload[] = ['flag', 'NODE_OPTIONS', 'import']
      for (const preload of preloads) {
        const { hooked } = await compare(
          t,
          await network,
          (preload, port) => {
            const args = [join(__dirname, 'programs', program), String(port), 'main']
            return startNode(preload, [...flags, ...args, ...(ways ? [ways] : [])])
          },
          preload,
        )
        t.equal(hooked.run.code, 0)
        t.equal(hooked.looks.length, (ways ?? 'net,http,https,fetch').split(',').length)
      }
    },
  )
}

const [permission, ...ways] =
  major >= 22 ? ['--permission', 'net', 'http'] : ['--experimental-permission', 'net', 'http']
const allowNet = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []
const restricted = [permission, ...allowNet, `--allow-fs-read=${dirname(client)}/*`]

t.test('under the permission model, with the package granted, it works', async (t) => {
  const { hooked } = await compare(t, await network, (preload, port) => {
    // The same grants in both runs: what Node says of them is the same too.
    const flags = [...restricted, `--allow-fs-read=${root}/*`]
    return startNode(preload, [...flags, client, String(port), 'main', ways.join()])
  })
  t.equal(hooked.run.code, 0)
})

t.test('with nothing but its entry granted, it says so once and the program goes on', async (t) => {
  const start = (preload: Preload) => (port: number) => {
    const flags = [...restricted, `--allow-fs-read=${register}`]
    return startNode(preload, [...flags, client, String(port), 'main', ways.join()])
  }
  const plain = await observed(await network, start(undefined))
  const hooked = await observed(await network, start('flag'))
  t.strictSame([hooked.run.code, hooked.run.stdout], [0, plain.run.stdout])
  t.equal(hooked.run.stderr.match(/NKA002/g)?.length, 1)
  t.notMatch(hooked.run.stderr, /NKA(?!002)/)
  assertBare(t, hooked, 'without a grant')
})

t.test('with nothing granted, Node itself decides about the preload', async (t) => {
  const { run } = await observed(await network, (port) =>
    startNode('flag', [...restricted, client, String(port), 'main', ways.join()]),
  )
  // Node 22 and newer grant the file that -r names; the older ones end before the preload runs.
  if (major >= 22) t.match([run.code, run.stderr], [0, /NKA002/])
  else t.match([run.code, run.stderr], [1, /ERR_ACCESS_DENIED/])
})

t.test('a startup snapshot is protected when it is run, and built the same', async (t) => {
  const folder = temporaryFolder(t)
  const program = join(__dirname, 'programs/snapshot.cjs')
  for (const builtWith of ['flag', 'NODE_OPTIONS', undefined] as const) {
    const blob = join(folder, `${builtWith}.blob`)
    const built = await observed(await network, () =>
      startNode(builtWith, ['--snapshot-blob', blob, '--build-snapshot', program]),
    )
    t.strictSame(
      [built.run.code, built.run.stdout, built.run.stderr.replace(/^.*snapshot.*\n/gim, '')],
      [0, '', ''],
      `built with ${builtWith}`,
    )
    await compare(
      t,
      await network,
      (preload, port) => startNode(preload, ['--snapshot-blob', blob, String(port)]),
      'NODE_OPTIONS',
    )
  }
})
