import { isDebugged } from './is-debugged'
import { printable } from './printable'
import { printableData } from './printable-data'

type Debug = (format: string, ...args: unknown[]) => void

const silent: Debug = () => {}

/**
 * The `debug` function for `nat-keepalive:<name>`; the package is loaded only when DEBUG asks for
 * it. What comes from outside is printable in it, and it never throws.
 */
export function createDebug(name: string): Debug {
  if (!isDebugged()) return silent
  try {
    const debug = (require('debug') as typeof import('debug'))(`nat-keepalive:${name}`)
    return (format, ...args) => {
      try {
        debug(format, ...args.map(shown))
      } catch {
        // Nobody can read it.
      }
    }
  } catch {
    return silent
  }
}

const inspected = Symbol.for('nodejs.util.inspect.custom')

function shown(value: unknown): unknown {
  if (!(value instanceof Error)) return printableData(value)
  const text = printable(value.stack ?? String(value))
  return { [inspected]: () => text }
}
