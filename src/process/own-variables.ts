import { variable } from './variable'

/** The variables that are settings of this package, or are meant to be. */
export type Environment = Readonly<Record<string, string | undefined>>

const PREFIX = 'NAT_KEEPALIVE'

/** Those that the environment of this thread has now. Never throws. */
export function ownVariables(): Environment {
  return Object.fromEntries(ownNames().map((name) => [spelt(name), variable(name)]))
}

function ownNames(): string[] {
  try {
    return Object.keys(process.env).filter(isOurs)
  } catch {
    // Whatever hides the names, this one says whether we are wanted.
    return [PREFIX]
  }
}

/** Asked of every variable at every start, and so without a regular expression. */
export function isOurs(name: string): boolean {
  const { length } = PREFIX
  if (name.length < length || name.slice(0, length).toUpperCase() !== PREFIX) return false
  return name.length === length || name[length] === '_'
}

/** Windows knows no difference of case, so there nat_keepalive_delay is the setting itself. */
function spelt(name: string): string {
  return process.platform === 'win32' ? name.toUpperCase() : name
}
