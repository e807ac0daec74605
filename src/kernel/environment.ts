import { readFileSync } from 'node:fs'
import { isWorker } from '../process/is-worker'
import { variable } from '../process/variable'

/** The variables that are settings of this package, or are meant to be. */
export type Environment = Readonly<Record<string, string | undefined>>

const PREFIX = 'NAT_KEEPALIVE'

/**
 * The settings that the environment gives. Those that the process was given hold in its workers too,
 * which can have been given any environment, an empty one included. On Linux only: elsewhere a
 * worker cannot know what its process was given, and goes by its own. Never throws.
 */
export function environment(): Environment {
  const own = Object.fromEntries(ownNames().map((name) => [spelt(name), variable(name)]))
  return isWorker() ? { ...own, ...environmentOfProcess() } : own
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
function isOurs(name: string): boolean {
  const { length } = PREFIX
  if (name.length < length || name.slice(0, length).toUpperCase() !== PREFIX) return false
  return name.length === length || name[length] === '_'
}

/** Windows knows no difference of case, so there nat_keepalive_delay is the setting itself. */
function spelt(name: string): string {
  return process.platform === 'win32' ? name.toUpperCase() : name
}

/** The settings with which the process was started, as the kernel keeps them. */
export function environmentOfProcess(
  read = () => readFileSync('/proc/self/environ', 'utf8'),
): Environment {
  try {
    return Object.fromEntries(parseEnviron(read()).filter(([name]) => isOurs(name)))
  } catch {
    return {}
  }
}

/** proc_pid_environ(5): what the process was started with, whatever it has changed since. */
export function parseEnviron(text: string): [name: string, value: string][] {
  return text.split('\0').map((entry) => {
    const [name = ''] = entry.split('=', 1)
    return [name, entry.slice(name.length + 1)]
  })
}
