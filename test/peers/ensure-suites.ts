import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type DebianSources, openDebianSources, SourceMissing } from '../core/debian-sources'
import { ensureCached } from '../ensure-cached'
import type { Suite } from './suite'

const run = promisify(execFile)

/** Where the sources of suites are, and whose cannot be had. */
export interface Sources {
  readonly folders: ReadonlyMap<Suite, string>
  /** Sentences. */
  readonly missing: readonly string[]
}

/**
 * Fetches the sources of every suite, once, and keeps them outside of the repository. Throws where
 * that fails for another reason than that no server has them.
 */
export async function ensureSuites(suites: readonly Suite[], env = process.env): Promise<Sources> {
  const own = await mkdtemp(join(tmpdir(), 'nat-keepalive-peers-'))
  const releases = new Map<string, Promise<DebianSources>>()
  const open = (release: string) => {
    const sources = releases.get(release) ?? openDebianSources(release, join(own, release), env)
    releases.set(release, sources)
    return sources
  }
  const folders = new Map<Suite, string>()
  const missing: string[] = []
  try {
    for (const suite of suites) {
      const { name, sourcePackage, release } = suite
      const build = async (folder: string) => {
        const archive = await (await open(release)).fetch(sourcePackage)
        await run('tar', ['-xf', archive, '--strip-components=1'], { cwd: folder, env })
      }
      try {
        folders.set(suite, await ensureCached(`${sourcePackage}-${release}`, build, env))
      } catch (error) {
        if (!(error instanceof SourceMissing)) throw error
        missing.push(`The tests of ${name} cannot be had: ${error.message}`)
      }
    }
  } finally {
    await rm(own, { recursive: true })
  }
  return { folders, missing }
}
