import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePackages } from '../packages'

/** A Node of the matrix. */
export interface Binary {
  readonly version: string
  /** The path of its executable. */
  readonly node: string
}

/**
 * Every Node of the lock file of this machine's kind, oldest first, installed outside of the
 * repository: about 2.3 GB, and 20 to 60 s the first time. Throws where they cannot be had.
 */
export async function ensureBinaries(): Promise<Binary[]> {
  const folder = join(__dirname, `node-${process.platform}-${process.arch}`)
  if (!existsSync(folder)) {
    throw new Error(`No Node binaries are locked for ${process.platform}-${process.arch}.`)
  }
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const installed = await ensurePackages(folder)
  return Object.keys(dependencies as Record<string, string>)
    .map((name) => ({
      version: name.replace(/^node-/, ''),
      node: join(installed, name, 'bin', 'node'),
    }))
    .sort((a, b) => compareVersions(a.version, b.version))
}

function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

/** Whether `version` is `since` or newer. */
export function isSince(version: string, since: string): boolean {
  return compareVersions(version, since) >= 0
}
