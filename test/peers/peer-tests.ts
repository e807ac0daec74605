import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ComparedTest } from '../core/compared-test'
import { packagesHere } from '../core/place'
import type { Suite } from './suite'

/** The tests of a suite whose sources are in `folder`, in alphabetical order. */
export function readPeerTests(suite: Suite, folder: string): ComparedTest[] {
  const { tests, content, except } = suite
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => tests.test(path) && !except?.test(path))
    .filter((path) => !content || content.test(readFileSync(join(folder, path), 'utf8')))
    .sort()
    .map((path) => peerTest(suite, folder, path))
}

/** One program of a suite. */
export function peerTest(suite: Suite, folder: string, path: string): ComparedTest {
  const { name, argv, env, packages = {}, links } = suite
  const own = Object.entries(packages).map(([as, locked]) => [
    `node_modules/${as}`,
    join(packagesHere, locked),
  ])
  return {
    name: `${name}/${path}`,
    family: name,
    argv: argv(path),
    folder,
    links: { ...Object.fromEntries(own), ...links },
    ...(env && { env }),
  }
}
