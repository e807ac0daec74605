import { readFileSync } from 'node:fs'
import { isWorker } from '../process/is-worker'
import { type Environment, isOurs, ownVariables } from '../process/own-variables'

/**
 * The settings that the environment gives. Those that the process was given hold in its workers too,
 * which can have been given any environment, an empty one included. On Linux only: elsewhere a
 * worker cannot know what its process was given, and goes by its own. Never throws.
 */
export function environment(): Environment {
  const own = ownVariables()
  return isWorker() ? { ...own, ...environmentOfProcess() } : own
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
