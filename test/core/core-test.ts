import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ComparedTest } from './compared-test'

export const families = ['net', 'tls', 'http', 'https', 'http2', 'async-hooks'] as const

export type Family = (typeof families)[number]

/** One of Node's own tests, called as Node's developers do: `parallel/test-net-connect.js`. */
export interface CoreTest extends ComparedTest {
  readonly family: Family
}

/** The folders of tests by kind, and those that are a family of their own. */
const suites: readonly (readonly [folder: string, family: Family | null])[] = [
  ['parallel', null],
  ['sequential', null],
  ['async-hooks', 'async-hooks'],
]

/** The tests of all families in Node's folder of tests. */
export function readCoreTests(folder: string): CoreTest[] {
  return suites.flatMap(([suite, all]) =>
    readdirSync(join(folder, suite)).flatMap((file) => {
      const family = isTest(file) ? (all ?? familyOf(file)) : null
      if (family === null) return []
      const path = join(folder, suite, file)
      const flags = flagsOf(readFileSync(path, 'utf8'))
      return [{ name: `${suite}/${file}`, family, argv: [...flags, path] }]
    }),
  )
}

function isTest(file: string): boolean {
  return /^test-.*\.m?js$/.test(file)
}

function familyOf(file: string): Family | null {
  const [, name] = /^test-([a-z0-9]+)[-.]/.exec(file) ?? []
  return families.find((family) => family === name) ?? null
}

/** What stands behind `// Flags:` in the source, where Node's own test runner looks for it too. */
export function flagsOf(source: string): string[] {
  const [, flags = ''] = /^\/\/\s+Flags:(.*)$/m.exec(source) ?? []
  return flags.split(/\s+/).filter(Boolean)
}
