import type { ProcFs } from './proc-fs'

const MOST = 5

/**
 * The addons that a process has mapped, by the names of their packages where they lie in one, our own
 * excepted: those to look at where native code holds a connection. Empty where that is not known.
 */
export function loadedAddons(proc: ProcFs): readonly string[] {
  const maps = proc.read('self/maps')
  if (!maps.known) return []
  const names = new Set<string>()
  for (const line of maps.value.split('\n')) {
    if (!line.endsWith('.node')) continue
    // proc(5): the path comes last, behind five columns and blanks.
    const name = nameOf(line.slice(line.indexOf('/')))
    if (name !== null) names.add(name)
    if (names.size === MOST) break
  }
  return [...names]
}

function nameOf(path: string): string | null {
  const folders = path.split('/')
  const at = folders.lastIndexOf('node_modules')
  const [first, second] = [folders[at + 1], folders[at + 2]]
  const file = folders.at(-1) as string
  const name =
    at === -1 || first === undefined ? file : first.startsWith('@') ? `${first}/${second}` : first
  return /(?:^|\/)native\/linux-(?:x64|arm64)\.node$/.test(path) ? null : name
}
