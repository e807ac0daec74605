import { readFileSync, readlinkSync } from 'node:fs'

/** A fact that may be out of reach: then `why` says so, and no verdict may be drawn from it. */
export type Reading<T> = { known: true; value: T } | { known: false; why: string }

/** The only reader of /proc. */
export interface ProcFs {
  /** The text of a file below /proc. Never throws. */
  read(path: string): Reading<string>
  /** Where a link below /proc points. Never throws. */
  link(path: string): Reading<string>
}

/** `root` is where proc(5) is mounted; tests point it at captured files. */
export function createProcFs(root = '/proc', platform: string = process.platform): ProcFs {
  const attempt = (path: string, read: (file: string) => string): Reading<string> => {
    if (platform !== 'linux') return { known: false, why: `there is no /proc on ${platform}` }
    const file = `${root}/${path}`
    try {
      return { known: true, value: read(file) }
    } catch (error) {
      return { known: false, why: whyUnreadable(file, error) }
    }
  }
  return {
    read: (path) => attempt(path, (file) => readFileSync(file, 'latin1')),
    link: (path) => attempt(path, (file) => readlinkSync(file)),
  }
}

function whyUnreadable(file: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? String(error)
  return code === 'ERR_ACCESS_DENIED'
    ? `Node's permission model does not let this process read ${file}`
    : `${file} could not be read (${code})`
}
