import { execFile } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureCached } from '../ensure-cached'
import { openDebianSources } from './debian-sources'

const run = promisify(execFile)

/** Debian's releases by the major version of the Node in them, oldest first. */
const releases: readonly (readonly [number, string])[] = [
  [18, 'bookworm'],
  [20, 'trixie'],
  [24, 'forky'],
]

/** The tests of Node itself, as they are in the sources of one version. */
export interface NodeTests {
  readonly version: string
  /** The path of their folder, which is called `test`. */
  readonly folder: string
}

/**
 * The tests of the Node whose major version is `major`, or of the nearest older one that Debian has:
 * out of its source package, fetched once for a release, and kept outside of the repository. Throws
 * where they cannot be had.
 */
export async function ensureNodeTests(major: number, env = process.env): Promise<NodeTests> {
  const release = releases.filter(([of]) => of <= major).at(-1)?.[1]
  if (release === undefined) throw new Error(`Debian has no tests for Node ${major}.`)
  const build = (folder: string) => fetchTests(release, folder, env)
  const cached = await ensureCached(`node-tests-${release}`, build, env)
  // The folder is called as in the package: node-v20.19.2.
  const [name = ''] = await readdir(cached)
  return { version: name.replace(/^node-v/, ''), folder: join(cached, name, 'test') }
}

/** Unpacks the tests into a folder. */
async function fetchTests(release: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const own = join(folder, 'apt')
  const archive = await (await openDebianSources(release, own, env)).fetch('nodejs')
  // Other folders have tests as well, deeper down.
  const tests = ['--wildcards', '--no-wildcards-match-slash', 'node-v*/test']
  await run('tar', ['-xf', archive, ...tests], { cwd: folder, env })
  await rm(own, { recursive: true })
}
