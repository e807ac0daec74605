import { readdirSync, readFileSync } from 'node:fs'

/** The pid of a child process of `parent`, or null where it has none. */
export function childOf(parent: number): number | null {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      // The name of the program, in parentheses, may itself contain blanks and parentheses.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(fields[1]) === parent && fields[0] !== 'Z') return Number(name)
    } catch {
      // It has ended since the folder was listed.
    }
  }
  return null
}
