import { fileURLToPath } from 'node:url'
import { isInstrumentation, packageOf } from './opener-package'

/** What the name of a piece of code, as V8 has it, amounts to. */
export interface CodeFile {
  /** What a person calls it, at most MAX_PATH characters. */
  readonly path: string
  /** The package that it belongs to; null where it is the program's own. */
  readonly package: string | null
  /** Whether that package calls on behalf of whoever called it. */
  readonly instrumentation: boolean
  /** Whether it has lines that anybody could look up. */
  readonly lines: boolean
}

/** More than a terminal shows in two lines, and nobody reads the beginning of such a path. */
export const MAX_PATH = 190

/** Modules whose name is their source, or a number. */
const NAMELESS: readonly (readonly [scheme: string, path: string])[] = [
  ['data:', 'a data: module'],
  ['blob:', 'a blob: module'],
]

// The same few files open all connections. Generated code could make names without end.
const MAX_FILES = 500
export const MAX_KNOWN_LENGTH = 1_000
const known = new Map<string, CodeFile>()

/** Does not throw, and takes time in proportion to the length of the name. */
export function codeFile(name: string): CodeFile {
  const before = known.get(name)
  if (before !== undefined) return before
  const file = describe(name)
  if (known.size < MAX_FILES && name.length <= MAX_KNOWN_LENGTH) known.set(name, file)
  return file
}

function describe(name: string): CodeFile {
  const nameless = NAMELESS.find(([scheme]) => name.startsWith(scheme))
  if (nameless !== undefined) return unnamed(nameless[1])
  const path = pathOf(name)
  const packageName = packageOf(path)
  return {
    path: cutStart(path),
    package: packageName,
    instrumentation: packageName !== null && isInstrumentation(packageName),
    lines: true,
  }
}

function unnamed(path: string): CodeFile {
  return { path, package: null, instrumentation: false, lines: false }
}

export const EVAL = unnamed('code from eval')
export const WASM = unnamed('a WebAssembly module')

function pathOf(name: string): string {
  try {
    if (name.startsWith('file:')) return fileURLToPath(name)
    if (name.startsWith('http:') || name.startsWith('https:')) {
      // The rest of it can hold a secret.
      const { origin, pathname } = new URL(name)
      return origin + pathname
    }
  } catch {}
  return name
}

/** Keeps the end, where the name of the file is. */
function cutStart(path: string): string {
  if (path.length <= MAX_PATH) return path
  // Through bytes: a slice would keep the whole, and could begin with half a character.
  return `...${Buffer.from(path.slice(3 - MAX_PATH)).toString()}`
}
