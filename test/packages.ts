import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'

const HOUR_MS = 3_600_000

/**
 * Installs what `folder`'s lock file names, once per content of the lock file, outside of the
 * repository, and returns the path of its node_modules. Scripts of the packages do not run.
 */
export async function ensurePackages(folder: string, env = process.env): Promise<string> {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nat-keepalive-tests')
  const name = `${basename(resolve(folder))}-${await contentHash(folder)}`
  const target = join(cache, name)
  if (existsSync(target)) return join(target, 'node_modules')

  await mkdir(cache, { recursive: true })
  await removeAbandoned(cache)
  const building = await mkdtemp(join(cache, `.${name}-`))
  try {
    for (const file of MANIFESTS) await copyFile(join(folder, file), join(building, file))
    await installLocked(building, env)
    await rename(building, target)
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    // Somebody else may have installed the same meanwhile: a folder with content is never replaced.
    if (!existsSync(target)) throw error
  }
  return join(target, 'node_modules')
}

const MANIFESTS = ['package.json', 'package-lock.json']

async function contentHash(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const file of MANIFESTS) hash.update(await readFile(join(folder, file))).update('\0')
  return hash.digest('hex').slice(0, 16)
}

async function installLocked(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  // The test runner puts its loader into NODE_OPTIONS.
  const child = spawn('npm', args, {
    cwd: folder,
    env: { ...env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const code = await new Promise((done, fail) => child.on('error', fail).on('close', done))
  if (code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${code}: ${said}`)
}

/** A test that is killed while it installs leaves its half behind. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith('.')) continue
    const path = join(cache, name)
    const made = await stat(path).catch(() => undefined)
    if (made && Date.now() - made.mtimeMs > HOUR_MS)
      await rm(path, { recursive: true, force: true })
  }
}
