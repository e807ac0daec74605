import { execFile } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The sources of one release of Debian. */
export interface DebianSources {
  /**
   * Downloads what upstream released of a source package, without what Debian added, and returns the
   * path of the archive. Throws a SourceMissing where Debian's index names it and no server has it.
   */
  fetch(sourcePackage: string): Promise<string>
}

export class SourceMissing extends Error {}

/**
 * Opens the sources of a release by an apt that has this release and folders of its own below
 * `folder`: the package sources of the machine stay as they are. Debian's signature is checked.
 */
export async function openDebianSources(
  release: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<DebianSources> {
  await mkdir(join(folder, 'lists/partial'), { recursive: true })
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
  const line = `deb-src [signed-by=${keys}] http://deb.debian.org/debian ${release} main\n`
  await writeFile(join(folder, 'sources.list'), line)
  const settings = {
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    // The user _apt may not write here.
    'APT::Sandbox::User': '',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const aptGet = (argv: readonly string[], cwd: string) =>
    run('apt-get', ['-q', ...options, ...argv], { cwd, env })
  await aptGet(['update'], folder)

  return {
    async fetch(sourcePackage) {
      const own = join(folder, sourcePackage)
      await mkdir(own)
      // A package may have further archives, which are of no use here and may be missing.
      const what = ['source', '--download-only', '--tar-only', `${sourcePackage}/${release}`]
      const refusal = await aptGet(what, own).then(
        () => null,
        (error: Error) => error,
      )
      const archive = (await readdir(own)).find((name) => /\.orig\.tar\.\w+$/.test(name))
      if (archive !== undefined) return join(own, archive)
      const missing = refusal && /\b404\b/.test(refusal.message)
      const why = `No server has the sources of ${sourcePackage}/${release}.`
      throw missing ? new SourceMissing(why, { cause: refusal }) : (refusal ?? new Error(why))
    },
  }
}
