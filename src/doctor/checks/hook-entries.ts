import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Files } from './files'
import { parseNodeOptions, preloadsOf, quoteNodeOption } from './node-options'

/** A place in NODE_OPTIONS that loads this package, or means to. */
export interface HookEntry {
  readonly specifier: string
  /** The file, null where the specifier names a package and no path. */
  readonly file: string | null
  readonly absolute: boolean
}

/** The entries of NODE_OPTIONS that are the hook, of whichever copy and version. */
export function hookEntries(
  nodeOptions: string,
  { cwd, files }: { readonly cwd: string; readonly files: Files },
): { entries: HookEntry[]; problem: string | null } {
  const { preloads, problem } = preloadsOf(parseNodeOptions(nodeOptions))
  const entries = preloads.flatMap(({ specifier }): HookEntry[] => {
    if (/^nat-keepalive\/register(\.js)?$/.test(specifier)) {
      return [{ specifier, file: null, absolute: false }]
    }
    const path = pathOf(specifier)
    if (path === null || !/^register(\.js)?$/.test(basename(path))) return []
    const file = resolve(cwd, path.endsWith('.js') ? path : `${path}.js`)
    const ours =
      basename(dirname(file)) === 'nat-keepalive' ||
      packageOf(file, files)?.name === 'nat-keepalive'
    return ours ? [{ specifier, file, absolute: isAbsolute(path) }] : []
  })
  return { entries, problem }
}

/** NODE_OPTIONS with the hook at `register` before what is there; as it is, if a hook is there. */
export function addHook(
  nodeOptions: string,
  register: string,
  where: { readonly cwd: string; readonly files: Files },
): string {
  if (hookEntries(nodeOptions, where).entries.length > 0) return nodeOptions
  // First, so that it also sees what the other preloads connect to.
  const hook = `--require ${quoteNodeOption(register)}`
  return nodeOptions.trim() === '' ? hook : `${hook} ${nodeOptions}`
}

/** The version of the package that a preload entry belongs to, null where it is not known. */
export function hookVersion(file: string, files: Files): string | null {
  const stated = packageOf(file, files)?.version
  if (typeof stated === 'string') return stated
  // A folder in an image may hold the code without its package.json.
  const code = files.read(join(dirname(file), 'dist', 'register.js'))
  return (code.known && /exports\.version = '([^']+)'/.exec(code.value)?.[1]) || null
}

function pathOf(specifier: string): string | null {
  if (!specifier.startsWith('file:')) {
    return isAbsolute(specifier) || /^\.{1,2}[/\\]/.test(specifier) ? specifier : null
  }
  try {
    return fileURLToPath(specifier)
  } catch {
    return null
  }
}

function packageOf(file: string, files: Files): Record<string, unknown> | null {
  const text = files.read(join(dirname(file), 'package.json'))
  if (!text.known) return null
  try {
    const content: unknown = JSON.parse(text.value)
    return typeof content === 'object' && content !== null ? { ...content } : null
  } catch {
    return null
  }
}
