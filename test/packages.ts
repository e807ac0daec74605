import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { ensureCached } from './ensure-cached'

/**
 * Installs what `folder`'s lock file names, once per content of the lock file, outside of the
 * repository, and returns the path of its node_modules. Scripts of the packages do not run. A folder
 * can have an .npmrc, such as one that leaves optional packages out.
 */
export async function ensurePackages(folder: string, env = process.env): Promise<string> {
  const name = `${basename(resolve(folder))}-${await contentHash(folder)}`
  const build = async (building: string) => {
    for (const file of manifests(folder)) await copyFile(join(folder, file), join(building, file))
    await installLocked(building, env)
  }
  return join(await ensureCached(name, build, env), 'node_modules')
}

function manifests(folder: string): string[] {
  const all = ['package.json', 'package-lock.json', '.npmrc']
  return all.filter((file) => file !== '.npmrc' || existsSync(join(folder, file)))
}

async function contentHash(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const file of manifests(folder)) hash.update(await readFile(join(folder, file))).update('\0')
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
