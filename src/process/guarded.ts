import { isDebugged } from './is-debugged'

/**
 * The one way from the program, from Node's timers and from its channels into our code: what it
 * returns does not throw, and a promise that it returns does not reject. Where `run` fails, DEBUG
 * shows the error, and what `instead` makes of it stands for the result; undefined, where that fails
 * too.
 */
export function guarded<Args extends readonly unknown[], Result>(
  where: string,
  run: (...args: Args) => Result,
  instead?: (error: unknown, ...args: Args) => Result,
): (...args: Args) => Result | undefined {
  const rescue = (error: unknown, args: Args): Result | undefined => {
    showFault(where, error)
    return instead?.(error, ...args)
  }
  return (...args) => {
    try {
      const result = run(...args)
      if (!(result instanceof Promise)) return result
      return result.catch((error: unknown) => rescue(error, args)) as Result
    } catch (error) {
      // At the end of the stack even this may be a call too many.
      try {
        return rescue(error, args)
      } catch {
        return undefined
      }
    }
  }
}

/** Shows under DEBUG what was caught. Never throws. */
export function showFault(where: string, error: unknown): void {
  if (!isDebugged()) return
  try {
    const { createDebug } = require('./debug') as typeof import('./debug')
    createDebug('fault')('%s: %O', where, error)
  } catch {
    // The rest of the package may be what is missing.
  }
}
