import { execFile } from 'node:child_process'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureCached } from '../ensure-cached'

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

/**
 * Unpacks the tests into a folder. They are fetched by an apt that has this release and folders of
 * its own: the package sources of the machine stay as they are. Debian's signature is checked.
 */
async function fetchTests(release: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const own = join(folder, 'apt')
  await mkdir(join(own, 'lists/partial'), { recursive: true })
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
  const line = `deb-src [signed-by=${keys}] http://deb.debian.org/debian ${release} main\n`
  await writeFile(join(own, 'sources.list'), line)
  const settings = {
    'Dir::Etc::sourcelist': join(own, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(own, 'lists'),
    'Dir::Cache': join(own, 'cache'),
    // The user _apt may not write here.
    'APT::Sandbox::User': '',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  await run('apt-get', ['-q', ...options, 'update'], { cwd: own, env })
  // Debian's changes to the sources, in another archive, are of no use here.
  const what = ['source', '--download-only', '--tar-only', `nodejs/${release}`]
  await run('apt-get', ['-q', ...options, ...what], { cwd: own, env })

  const files = await readdir(own)
  const sources = files.find((name) => name.endsWith('.orig.tar.xz'))
  if (sources === undefined) throw new Error(`No sources of Node are among ${files.join(', ')}.`)
  // Other folders have tests as well, deeper down.
  const tests = ['--wildcards', '--no-wildcards-match-slash', 'node-v*/test']
  await run('tar', ['-xJf', join(own, sources), ...tests], { cwd: folder, env })
  await rm(own, { recursive: true })
}
