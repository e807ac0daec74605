import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

const HOUR_MS = 3_600_000

/**
 * The path of a folder outside of the repository that `build` fills once and for all. Nobody sees it
 * half filled, and what a build that fails leaves is removed.
 */
export async function ensureCached(
  name: string,
  build: (folder: string) => Promise<void>,
  env = process.env,
): Promise<string> {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nat-keepalive-tests')
  const target = join(cache, name)
  if (existsSync(target)) return target

  await mkdir(cache, { recursive: true })
  await removeAbandoned(cache)
  const building = await mkdtemp(join(cache, `.${name}-`))
  try {
    await build(building)
    await rename(building, target)
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    // Somebody else may have built the same meanwhile: a folder with content is never replaced.
    if (!existsSync(target)) throw error
  }
  return target
}

/** A test that is killed while it builds leaves its half behind. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith('.')) continue
    const path = join(cache, name)
    const made = await stat(path).catch(() => undefined)
    if (made && Date.now() - made.mtimeMs > HOUR_MS)
      await rm(path, { recursive: true, force: true })
  }
}
