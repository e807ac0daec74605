/**
 * A variable of the environment of this thread; undefined where it is unset, or where whatever the
 * program has put in the place of `process.env` does not let it be read.
 */
export function variable(name: string): string | undefined {
  try {
    const value: unknown = process.env[name]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
