import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { childOf } from './child-of'
import type { Tools } from './find-tools'
import type { Holder } from './holder'
import type { Place } from './topology'

// Two steps, because the name of the network namespace exists only inside the mount namespace. The
// session makes the command and its children one process group that excludes the helper.
export function enter(
  { paths }: Tools,
  holder: Holder,
  where: Place,
  cwd: string | URL,
  argv: readonly string[],
): string[] {
  const users = holder.ownUsers ? ['--user', '--preserve-credentials'] : []
  return [
    paths.nsenter,
    `--target=${holder.pid}`,
    ...users,
    '--mount',
    '--pid',
    '--',
    paths.setsid,
    paths.sh,
    '-c',
    'cd -- "$1" && shift && exec "$@"',
    'sh',
    typeof cwd === 'string' ? cwd : fileURLToPath(cwd),
    paths.nsenter,
    `--net=/run/netns/${where}`,
    '--',
    ...argv,
  ]
}

// Entering a pid namespace takes a fork, so the process that Node knows is only the parent.
export function redirectKill(child: ChildProcess): void {
  const killHelper = child.kill.bind(child)
  child.kill = (signal) => {
    if (!isRunning(child)) return false
    const command = childOf(child.pid as number)
    if (command === null) return killHelper(signal)
    process.kill(command, signal ?? 'SIGTERM')
    ;(child as { killed: boolean }).killed = true
    return true
  }
}

/** Signals a command started by Lab.spawn and the children it left in its process group. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  const command = isRunning(child) ? childOf(child.pid as number) : null
  try {
    if (command !== null) process.kill(-command, signal)
  } catch {
    // It has no group of its own yet, so it is alone.
    child.kill(signal)
  }
  // nsenter(1) stops itself with its child, and hears of no end until it goes on.
  const ends = signal === 'SIGCONT' || signal === 'SIGKILL'
  if (ends && isRunning(child)) process.kill(child.pid as number, 'SIGCONT')
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}
