import { printable, quoted } from '../process/printable'

const longestShown = 80

/** One thing the user has to be told about the settings: an NKA001. */
export interface Problem {
  /** The variable, or the option of `install()`. */
  readonly variable: string
  /** What was given, escaped and cut so that it cannot break a log. */
  readonly value: string
  /** What was given, why it is not taken, what was expected and what is used instead. */
  readonly message: string
}

/** Words a problem: `message` goes on after the name and the value. */
export function problem(name: string, value: unknown, message: string): Problem {
  const variable = printable(name, longestShown)
  const shown = typeof value === 'string' ? quoted(value, longestShown) : described(value)
  const subject = value === undefined ? variable : `${variable}=${shown}`
  return { variable, value: shown.replace(/^"|"$/g, ''), message: `${subject} ${message}` }
}

/** Never asks an object for its text, which is code of the program's. */
function described(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (typeof value === 'bigint') return printable(`${value}n`, longestShown)
  return value === undefined ? '' : printable(String(value), longestShown)
}
