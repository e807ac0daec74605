import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensurePackages } from '../packages'
import { root } from '../run-node'

/** What loads the packages of this folder's lock file. They have no types here. */
export interface Packages {
  /** Where they are. */
  readonly path: string
  // biome-ignore lint/suspicious/noExplicitAny: their types are outside of the repository
  require(name: string): any
  // biome-ignore lint/suspicious/noExplicitAny: their types are outside of the repository
  import(file: string): Promise<any>
}

export async function loadPackages(): Promise<Packages> {
  const path = await ensurePackages(__dirname)
  return {
    path,
    require: createRequire(join(path, 'here')),
    import: (file) => import(pathToFileURL(join(path, file)).href),
  }
}

/** The text of a file of examples/. */
export function readExample(name: string): string {
  return readFileSync(join(root, 'examples', name), 'utf8')
}
