import { accessSync, constants, readFileSync } from 'node:fs'
import type { Reading } from '../../kernel/proc-fs'

/** The files of the machine outside of /proc; only looked at, never changed. */
export interface Files {
  /** The text of a file. Never throws. */
  read(path: string): Reading<string>
  /** Null where this process may not know. Never throws. */
  exists(path: string): boolean | null
  /** Whether this user may write it: asked, not tried. Null where it is not there. Never throws. */
  writable(path: string): boolean | null
}

/** `root` goes before every path; tests point it at a folder of their own. */
export function createFiles(root = ''): Files {
  const access = (path: string, mode: number): string | null => {
    try {
      accessSync(`${root}${path}`, mode)
      return null
    } catch (error) {
      return codeOf(error)
    }
  }
  return {
    read(path) {
      try {
        return { known: true, value: readFileSync(`${root}${path}`, 'utf8') }
      } catch (error) {
        return { known: false, why: `${path} could not be read (${codeOf(error)})` }
      }
    },
    exists(path) {
      const code = access(path, constants.F_OK)
      if (code === null) return true
      return code === 'ENOENT' || code === 'ENOTDIR' ? false : null
    },
    writable(path) {
      const code = access(path, constants.W_OK)
      if (code === null) return true
      return code === 'EACCES' || code === 'EROFS' || code === 'EPERM' ? false : null
    },
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? String(error)
}
