import { posix, win32 } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Files } from './files'
import { fragility } from './fragile-form'
import { parseNodeOptions, preloadsOf, quoteNodeOption } from './node-options'

/** A place in NODE_OPTIONS that loads this package, or means to. */
export interface HookEntry {
  readonly specifier: string
  /** The file, null where the specifier names a package and no path. */
  readonly file: string | null
  readonly absolute: boolean
  /** What the form in which it is written does to it elsewhere than in Node; a sentence, or null. */
  readonly fragile: string | null
}

/** What is needed to find the file that an entry means. */
export interface Where {
  readonly cwd: string
  readonly files: Files
  readonly platform: string
}

/** The entries of NODE_OPTIONS that are the hook, of whichever copy and version. */
export function hookEntries(
  nodeOptions: string,
  { cwd, files, platform }: Where,
): { entries: HookEntry[]; problem: string | null } {
  const { basename, dirname, isAbsolute, resolve } = platform === 'win32' ? win32 : posix
  const { preloads, problem } = preloadsOf(parseNodeOptions(nodeOptions))
  const entries = preloads.flatMap(({ specifier }, index): HookEntry[] => {
    const fragile = fragility(preloads, index)
    if (/^nat-keepalive\/register(\.js)?$/.test(specifier)) {
      return [{ specifier, file: null, absolute: false, fragile }]
    }
    const path = pathOf(specifier, isAbsolute)
    if (path === null || !/^register(\.js)?$/.test(basename(path))) return []
    const file = resolve(cwd, path.endsWith('.js') ? path : `${path}.js`)
    const ours =
      basename(dirname(file)) === 'nat-keepalive' ||
      packageOf(file, files)?.name === 'nat-keepalive'
    return ours ? [{ specifier, file, absolute: isAbsolute(path), fragile }] : []
  })
  return { entries, problem }
}

/** NODE_OPTIONS with the option before what is there; as it is, if a hook is there. */
export function addHook(nodeOptions: string, option: string, where: Where): string {
  if (hookEntries(nodeOptions, where).entries.length > 0) return nodeOptions
  // First, so that it also sees what the other preloads connect to, and that a program which keeps
  // only the last of them keeps theirs.
  return nodeOptions.trim() === '' ? option : `${option} ${nodeOptions}`
}

/** The hook as an option, in the form that everything takes which was tried: long, with an equals sign. */
export function requireOption(file: string): string {
  return `--require=${quoteNodeOption(file)}`
}

/** The version of the package that a preload entry belongs to, null where it is not known. */
export function hookVersion(file: string, files: Files): string | null {
  const stated = packageOf(file, files)?.version
  if (typeof stated === 'string') return stated
  // A folder in an image may hold the code without its package.json.
  const code = files.read(`${folderOf(file)}dist/register.js`)
  return (code.known && /exports\.version = '([^']+)'/.exec(code.value)?.[1]) || null
}

/** With the separator at its end, which is either on Windows. */
function folderOf(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)
}

function pathOf(specifier: string, isAbsolute: (path: string) => boolean): string | null {
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
  const text = files.read(`${folderOf(file)}package.json`)
  if (!text.known) return null
  try {
    const content: unknown = JSON.parse(text.value)
    return typeof content === 'object' && content !== null ? { ...content } : null
  } catch {
    return null
  }
}
