import { posix } from 'node:path'
import type { ProcFs } from '../kernel/proc-fs'

/** The hook in another process. */
export interface HookThere {
  /** Null where the package beside it cannot be read. */
  readonly version: string | null
  /** What shows it. */
  readonly by: 'NODE_OPTIONS' | 'command line' | 'maps'
  /** The file, as that process sees it; null where only the name of a package is given. */
  readonly file: string | null
}

/** What a process was started with. */
export interface Start {
  readonly argv: readonly string[]
  /** Null where it cannot be read. */
  readonly environment: readonly string[] | null
}

/** `--require /opt/nat-keepalive/register.js`, as words or in one; quotes are NODE_OPTIONS' own. */
const PRELOAD =
  /(?:^|[\s"])(?:-r|--require|--import)[\s="]+(?:file:\/\/)?([^\s"]*nat-keepalive[^\s"]*\/register(?:\.js)?)(?=$|[\s"])/

/** The file of the native part, which the hook loads when it first needs it. */
const MAPPED = /\s(\/\S*nat-keepalive\S*)\/native\/linux-\w+\.node$/m

/** Whether a process of Node has the hook; null where nothing shows it. Never throws. */
export function hookOf(proc: ProcFs, pid: number, { argv, environment }: Start): HookThere | null {
  const options = environment?.find((one) => one.startsWith('NODE_OPTIONS='))
  const off = environment?.some((one) =>
    /^NAT_KEEPALIVE=\s*(off|0|false|no|disabled)\s*$/i.test(one),
  )
  if (off) return null
  const given = (text: string | undefined): string | null => PRELOAD.exec(text ?? '')?.[1] ?? null
  const inOptions = given(options?.slice('NODE_OPTIONS='.length))
  const onLine = inOptions === null ? given(argv.slice(1).join(' ')) : null
  const named = inOptions ?? onLine
  if (named !== null) {
    const by = inOptions === null ? 'command line' : 'NODE_OPTIONS'
    const file = named.startsWith('/') ? named : null
    return { version: versionOf(proc, pid, named), by, file }
  }
  const maps = proc.read(`${pid}/maps`)
  const folder = maps.known ? MAPPED.exec(maps.value)?.[1] : undefined
  if (folder === undefined) return null
  const file = `${folder}/register.js`
  return { version: versionOf(proc, pid, file), by: 'maps', file }
}

/** The version in package.json, in the file system of that process. */
function versionOf(proc: ProcFs, pid: number, named: string): string | null {
  if (named.startsWith('/')) return versionIn(proc, `${pid}/root${posix.dirname(named)}`)
  if (named.startsWith('.')) return versionIn(proc, `${pid}/cwd/${posix.dirname(named)}`)
  return versionIn(proc, `${pid}/cwd/node_modules/nat-keepalive`)
}

function versionIn(proc: ProcFs, folder: string): string | null {
  const text = proc.read(`${folder}/package.json`)
  if (!text.known) return null
  try {
    const { name, version } = JSON.parse(text.value) as { name?: unknown; version?: unknown }
    return name === 'nat-keepalive' && typeof version === 'string' ? version : null
  } catch {
    return null
  }
}
