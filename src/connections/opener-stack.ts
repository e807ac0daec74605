/** What V8 tells of one call on a stack. */
export interface Frame {
  getFileName(): string | null | undefined
  getLineNumber(): number | null
  getColumnNumber(): number | null
  isEval(): boolean
  /** The name that code without a file gave itself (`//# sourceURL=`). */
  getScriptNameOrSourceURL(): string | null | undefined
}

/**
 * The calls below `wrapper`, innermost first, at most `limit` of them; empty where the program does
 * not let its Error be used for that. They are read at once: a stack that is not read keeps the
 * receivers and functions of its calls, and all that these hold. So do the frames: none of them may
 * be kept. What the program has put on Error takes no part, and is back in its place afterwards.
 */
export function framesBelow(wrapper: unknown, limit: number): readonly Frame[] {
  try {
    return capture(wrapper, limit)
  } catch {
    return []
  }
}

function capture(wrapper: unknown, limit: number): readonly Frame[] {
  const limitBefore = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')
  const prepareBefore = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  try {
    define('stackTraceLimit', limit, limitBefore)
    define('prepareStackTrace', asTheyAre, prepareBefore)
    const trace: { stack?: unknown } = {}
    Error.captureStackTrace(trace, wrapper as (...args: unknown[]) => unknown)
    const frames = trace.stack
    return Array.isArray(frames) ? frames : []
  } finally {
    restore('prepareStackTrace', prepareBefore)
    restore('stackTraceLimit', limitBefore)
  }
}

function asTheyAre(_error: unknown, frames: unknown): unknown {
  return frames
}

/** Not by assignment, which would call a setter of the program's. Throws where Error is frozen. */
function define(name: string, value: unknown, before: PropertyDescriptor | undefined): void {
  const ours = before === undefined ? { value, configurable: true, writable: true } : { value }
  Object.defineProperty(Error, name, ours)
}

/** Puts a property of Error back as it was, its absence included. */
function restore(name: string, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor === undefined) Reflect.deleteProperty(Error, name)
  else Reflect.defineProperty(Error, name, descriptor)
}
