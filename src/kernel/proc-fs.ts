import {
  closeSync,
  type Dir,
  opendirSync,
  openSync,
  read,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs'

/** A fact that may be out of reach: then `why` says so, and no verdict may be drawn from it. */
export type Reading<T> = { known: true; value: T } | { known: false; why: string }

/** A Reading whose failure can be told apart by its code: ENOENT, EACCES, ERR_ACCESS_DENIED. */
export type CodedReading<T> =
  | { known: true; value: T }
  | { known: false; why: string; code: string }

/** A fact that is out of reach. */
export function notKnown(why: string): Reading<never> {
  return { known: false, why }
}

/** The only reader of /proc. */
export interface ProcFs {
  /** The text of a file below /proc. Never throws. */
  read(path: string): Reading<string>
  /** Where a link below /proc points. Never throws. */
  link(path: string): Reading<string>
  /** Whether a path below /proc, past `cwd` or `root` of a process too, leads to a file. Never throws. */
  isFile(path: string): boolean
  /** Opens a file that is too long to be read at once. Never throws. */
  open(path: string): CodedReading<ProcFile>
  /** Opens a folder that is too long to be listed at once. Never throws. */
  openFolder(path: string): CodedReading<ProcFolder>
}

/** An open file, read from its start to its end. None of it throws. */
export interface ProcFile {
  /** Puts the next bytes at `offset` of the buffer and says how many there were: 0 at the end. */
  read(buffer: Buffer, offset: number): CodedReading<number>
  /** The same on a thread of libuv's pool. It holds the event loop until it is done. */
  readInPool(buffer: Buffer, offset: number): Promise<CodedReading<number>>
  close(): void
}

/** An open folder. None of it throws. */
export interface ProcFolder {
  /** The next name, in no order; null at the end. */
  next(): CodedReading<string | null>
  /** Where the link of this name points. */
  link(name: string): CodedReading<string>
  close(): void
}

/** `root` is where proc(5) is mounted; tests point it at captured files. */
export function createProcFs(root = '/proc', platform: string = process.platform): ProcFs {
  const attempt = <T>(path: string, read: (file: string) => T): CodedReading<T> => {
    if (platform !== 'linux') {
      return { known: false, why: `there is no /proc on ${platform}`, code: 'ENOSYS' }
    }
    const file = `${root}/${path}`
    return reach(file, () => read(file))
  }
  return {
    read: (path) => uncoded(attempt(path, (file) => readFileSync(file, 'latin1'))),
    link: (path) => uncoded(attempt(path, (file) => readlinkSync(file))),
    isFile(path) {
      const found = attempt(path, (file) => statSync(file).isFile())
      return found.known && found.value
    },
    open: (path) => attempt(path, (file) => new OpenFile(file, openSync(file, 'r'))),
    openFolder: (path) =>
      attempt(path, (file) => new OpenFolder(file, opendirSync(file, { bufferSize: 64 }))),
  }
}

class OpenFile implements ProcFile {
  readonly #file: string
  readonly #descriptor: number

  constructor(file: string, descriptor: number) {
    this.#file = file
    this.#descriptor = descriptor
  }

  read(buffer: Buffer, offset: number): CodedReading<number> {
    try {
      const length = buffer.length - offset
      return { known: true, value: readSync(this.#descriptor, buffer, offset, length, null) }
    } catch (error) {
      return unreadable(this.#file, error)
    }
  }

  readInPool(buffer: Buffer, offset: number): Promise<CodedReading<number>> {
    return new Promise((done) => {
      const length = buffer.length - offset
      read(this.#descriptor, buffer, offset, length, null, (error, value) => {
        done(error === null ? { known: true, value } : unreadable(this.#file, error))
      })
    })
  }

  close(): void {
    reach(this.#file, () => closeSync(this.#descriptor))
  }
}

class OpenFolder implements ProcFolder {
  readonly #file: string
  readonly #folder: Dir

  constructor(file: string, folder: Dir) {
    this.#file = file
    this.#folder = folder
  }

  next(): CodedReading<string | null> {
    return reach(this.#file, () => this.#folder.readSync()?.name ?? null)
  }

  link(name: string): CodedReading<string> {
    const file = `${this.#file}/${name}`
    return reach(file, () => readlinkSync(file))
  }

  close(): void {
    reach(this.#file, () => this.#folder.closeSync())
  }
}

function reach<T>(file: string, get: () => T): CodedReading<T> {
  try {
    return { known: true, value: get() }
  } catch (error) {
    return unreadable(file, error)
  }
}

/** Why a file could not be read, from the error that says so. */
export function unreadable(
  file: string,
  error: unknown,
): { known: false; why: string; code: string } {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? String(error)
  const why =
    code === 'ERR_ACCESS_DENIED'
      ? `Node's permission model does not let this process read ${file}`
      : `${file} could not be read (${code})`
  return { known: false, why, code }
}

function uncoded<T>(reading: CodedReading<T>): Reading<T> {
  return reading.known ? reading : notKnown(reading.why)
}
