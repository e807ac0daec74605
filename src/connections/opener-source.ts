import { closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { findSourceMap, Module, type SourceMap } from 'node:module'
import { extname, isAbsolute } from 'node:path'
import { variable } from '../process/variable'
import { codeFile } from './opener-file'

/** A position in code. */
export interface Position {
  /** As V8 has it: a path, or a URL. */
  readonly file: string
  /** Counted from 1; null where it is not known. */
  readonly line: number | null
  readonly column: number | null
}

/**
 * Where the code at a position was written: the position itself, or that of its source map, or
 * without a line where the code is known not to be what was written. Looks into files, and has Node
 * decode the map, so it is for what is told. Does not throw.
 */
export function sourceOf(position: Position): Position {
  try {
    const map = findSourceMap(position.file)
    if (map !== undefined) return original(map, position)
    return isTransformed(position) ? { ...position, line: null } : position
  } catch {
    return position
  }
}

function original(map: SourceMap, position: Position): Position {
  const { line, column } = position
  if (line === null) return position
  const found = map.findEntry(line - 1, (column ?? 1) - 1)
  if (!('originalSource' in found) || !found.originalSource) return { ...position, line: null }
  return {
    file: found.originalSource,
    line: found.originalLine + 1,
    column: found.originalColumn + 1,
  }
}

/** Longer lines than people write. */
const MAX_COLUMN = 500

/** What Node runs only when something has made JavaScript of it. */
const ALWAYS_TRANSFORMED = ['.tsx', '.jsx', '.vue', '.svelte', '.astro', '.coffee']
const TYPESCRIPT = ['.ts', '.mts', '.cts']

function isTransformed({ file, column }: Position): boolean {
  // Names of modules that webpack evaluates while a program is developed.
  if (file.startsWith('webpack:') || file.startsWith('webpack-internal:')) return true
  const { path } = codeFile(file)
  const extension = extname(path)
  if (ALWAYS_TRANSFORMED.includes(extension)) return true
  if (TYPESCRIPT.includes(extension)) return !nodeStripsTypes()
  return (column ?? 0) > MAX_COLUMN || isBundle(path)
}

/** What makes JavaScript of files while they are loaded, where it stands on the command line. */
const TRANSFORMERS = /\b(?:ts-node|tsx|esbuild|swc|sucrase|babel|jiti|oxc)\b/

/** Node's own way puts blanks in the place of types (22.6 and newer), and so keeps the lines. */
function nodeStripsTypes(): boolean {
  const { typescript } = process.features as { typescript?: unknown }
  if (typescript !== 'strip') return false
  const { _extensions } = Module as unknown as { _extensions?: Record<string, { name?: string }> }
  const handler = _extensions?.['.ts']
  if (handler !== undefined && handler.name !== 'loadTS') return false
  return !TRANSFORMERS.test([...process.execArgv, variable('NODE_OPTIONS')].join(' '))
}

/** What bundlers put at the beginning: their own functions, or the names of the files they joined. */
const BUNDLE =
  /\b__(?:commonJS(?:Min)?|esmMin|webpack_modules__|webpack_require__|nccwpck_require__)\b|\bwebpackBootstrap\b|\bparcelRequire|^\/\/(?:#region)? (?:\.\.\/)*node_modules\//m

const BEGINNING_BYTES = 16_384

const MAX_FILES = 500
const bundles = new Map<string, boolean>()

function isBundle(path: string): boolean {
  let found = bundles.get(path)
  if (found === undefined) {
    found = BUNDLE.test(beginningOf(path))
    if (bundles.size < MAX_FILES) bundles.set(path, found)
  }
  return found
}

/** Empty where there is no such file: code can be called anything. */
function beginningOf(path: string): string {
  // Something else than a file could take its time to open.
  if (!isAbsolute(path) || !statSync(path, { throwIfNoEntry: false })?.isFile()) return ''
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const bytes = Buffer.alloc(BEGINNING_BYTES)
    return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, bytes.length, 0))
  } finally {
    closeSync(descriptor)
  }
}
