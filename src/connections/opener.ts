import { fileURLToPath } from 'node:url'

/** Where in the program a connection was opened. */
export interface Opener {
  /** `file:line` of the first frame outside Node and node_modules; null where no frame is left. */
  readonly place: string | null
  /** The package nearest to that frame; null where the program itself opened it. */
  readonly package: string | null
  /** Set where it is the place of another connection to the same destination, in the same second. */
  readonly sampled?: true
}

/** A stack that V8 has captured but not formatted: capturing is cheap, formatting is not. */
export interface Trace {
  stack?: unknown
}

interface Frame {
  getFileName(): string | null | undefined
  getLineNumber(): number | null
}

// The SDKs with the deepest stacks need about thirty frames to reach the program's own code.
const FRAMES = 40

/** The stack below `wrapper`, for `readTrace` to look at if anybody ever asks. */
export function captureTrace(wrapper: unknown): Trace | null {
  const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')
  try {
    const trace: Trace = {}
    Error.stackTraceLimit = FRAMES
    Error.captureStackTrace(trace, wrapper as (...args: unknown[]) => unknown)
    return trace
  } catch {
    return null
  } finally {
    restore('stackTraceLimit', limit)
  }
}

/** Formats a captured stack. The program's own Error.prepareStackTrace does not take part. */
export function readTrace(trace: Trace): Opener {
  return openerOf(framesOf(trace))
}

function framesOf(trace: Trace): readonly Frame[] {
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  try {
    // Not by assignment, which would call a setter of the program's.
    const value = (_error: unknown, frames: unknown) => frames
    Object.defineProperty(Error, 'prepareStackTrace', { value, configurable: true, writable: true })
    const frames = trace.stack
    return Array.isArray(frames) ? frames : []
  } catch {
    return []
  } finally {
    restore('prepareStackTrace', prepare)
  }
}

/** Puts a property of Error back as it was, its absence included. */
function restore(name: string, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor === undefined) Reflect.deleteProperty(Error, name)
  else Reflect.defineProperty(Error, name, descriptor)
}

/** The opening place in a stack, innermost frame first. Pure. */
export function openerOf(frames: readonly Frame[]): Opener {
  let nearest: string | null = null
  for (const frame of frames) {
    const file = frame.getFileName()
    if (typeof file !== 'string' || file === '' || file.startsWith('node:')) continue
    const path = pathOf(file)
    const packageName = packageOf(path)
    if (packageName === null) {
      return intern(`${path}:${frame.getLineNumber() ?? '?'}`, nearest)
    }
    nearest = packageName
  }
  return intern(null, nearest)
}

function pathOf(file: string): string {
  try {
    return file.startsWith('file:') ? fileURLToPath(file) : file
  } catch {
    return file
  }
}

/** The package that a file belongs to, by its innermost node_modules folder. */
function packageOf(path: string): string | null {
  const match = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)
  return match?.[1]?.replace('\\', '/') ?? null
}

// Sockets opened at one place share one object. Generated code could make places without end.
const MAX_PLACES = 1_000
const places = new Map<string, Opener>()

function intern(place: string | null, packageName: string | null, sampled = false): Opener {
  const key = `${place}\n${packageName}\n${sampled}`
  const known = places.get(key)
  if (known !== undefined) return known
  const opener: Opener = { place, package: packageName, ...(sampled ? { sampled } : {}) }
  if (places.size < MAX_PLACES) places.set(key, opener)
  return opener
}

/** The same place, for a connection whose own stack was not looked at. */
export function sampledFrom({ place, package: packageName }: Opener): Opener {
  return intern(place, packageName, true)
}

export const UNKNOWN_OPENER: Opener = { place: null, package: null }
