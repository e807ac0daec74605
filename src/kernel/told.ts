import { parseEnviron } from './environment'
import type { ProcFs } from './proc-fs'

const MAX_ANCESTORS = 32

/**
 * Whether a process that this one descends from was told at its start what this one would be: the
 * same Node in the same network namespace, with the hook and the settings from the same variables
 * and options. Where that cannot be seen it was not, for twice is better than never.
 *
 * It is read from /proc, because a mark of ours in the environment would be seen by the program.
 */
export function ancestorWasTold(
  proc: ProcFs,
  execArgv: readonly string[] = process.execArgv,
): boolean {
  const own = originOf(proc, 'self')
  if (own === null) return false
  const preloads = preloadsOf(execArgv)
  let pid = parentOf(proc, 'self')
  for (let count = 0; pid !== null && count < MAX_ANCESTORS; count++) {
    if (originOf(proc, pid) === own && startedWith(proc, pid, preloads)) return true
    pid = parentOf(proc, pid)
  }
  return false
}

/** Everything in which two processes have to agree; null where it cannot be read. */
function originOf(proc: ProcFs, pid: string): string | null {
  const executable = proc.link(`${pid}/exe`)
  const namespace = proc.link(`${pid}/ns/net`)
  const environ = proc.read(`${pid}/environ`)
  if (!executable.known || !namespace.known || !environ.known) return null
  const settings = parseEnviron(environ.value).filter(([name]) => SETTING.test(name))
  return JSON.stringify([executable.value, namespace.value, settings.sort()])
}

const SETTING = /^(?:NODE_OPTIONS$|NAT_KEEPALIVE)/i

/** What the options preload, one of which may be the hook. */
function preloadsOf(options: readonly string[]): string[] {
  return options.filter((option, index) => {
    const before = options[index - 1] ?? ''
    return /^(?:-r|--require|--import)$/.test(before) || /^--(?:require|import)=/.test(option)
  })
}

function startedWith(proc: ProcFs, pid: string, preloads: readonly string[]): boolean {
  const line = proc.read(`${pid}/cmdline`)
  const args = new Set(line.known ? line.value.split('\0') : [])
  return preloads.every((preload) => args.has(preload))
}

/** proc_pid_stat(5): the name is in brackets and may hold anything; state and parent follow it. */
function parentOf(proc: ProcFs, pid: string): string | null {
  const stat = proc.read(`${pid}/stat`)
  if (!stat.known) return null
  const [, parent = '0'] = stat.value.slice(stat.value.lastIndexOf(')') + 2).split(' ', 2)
  return /^[1-9]\d*$/.test(parent) ? parent : null
}
