import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../examples/mounts'
import { ensurePackages } from '../packages'
import { runNode } from '../run-node'
import { compare, observed, startNode } from './compare'
import { createNetwork } from './network'

const client = join(__dirname, 'programs/client.cjs')
const network = createNetwork(t)
const packages = ensurePackages(__dirname)

t.test('a single executable application is protected through NODE_OPTIONS', async (t) => {
  const folder = temporaryFolder(t)
  const config = join(folder, 'sea.json')
  const blob = join(folder, 'sea.blob')
  const app = join(folder, 'app')
  const disableExperimentalSEAWarning = true
  writeFileSync(
    config,
    JSON.stringify({ main: client, output: blob, disableExperimentalSEAWarning }),
  )
  const prepared = await runNode(['--experimental-sea-config', config])
  t.equal(prepared.code, 0, prepared.stderr)
  copyFileSync(process.execPath, app)
  const [fuse = ''] = /NODE_SEA_FUSE_[0-9a-f]{32}/.exec(readFileSync(app, 'latin1')) ?? []
  const injected = await runNode(
    [
      join(await packages, 'postject/dist/cli.js'),
      app,
      'NODE_SEA_BLOB',
      blob,
      '--sentinel-fuse',
      fuse,
    ],
    { timeoutMs: 60_000 },
  )
  t.equal(injected.code, 0, injected.stderr)

  const { hooked } = await compare(
    t,
    await network,
    (preload, port) => ({ ...startNode(preload, []), argv: [app, String(port)], cwd: folder }),
    'NODE_OPTIONS',
  )
  t.equal(hooked.run.code, 0)

  // Its flags are arguments of the program.
  const flag = await observed(await network, (port) => ({
    argv: [app, String(port), '-r', '/nowhere.js'],
  }))
  t.match(flag.run.stderr, /ways\[name\]|TypeError/, 'a flag does not reach Node')
})
