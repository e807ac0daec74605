import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { addHook } from '../../doctor/checks/hook-entries'
import { createMachine } from '../../doctor/checks/machine'
import { quoted } from '../../process/printable'
import { say } from '../../terminal/say'
import type { Terminal } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'
import { hookOption } from '../hook-option'

export const summary = 'run a command with the hook in NODE_OPTIONS'

export const help = `Usage: nat-keepalive run [--] COMMAND [ARGUMENT]...

Runs COMMAND with the hook added to NODE_OPTIONS, so that it is in every Node
program below it; what NODE_OPTIONS holds already is kept. COMMAND is looked
for in PATH and run without a shell.

  --help  this text

Example:
  nat-keepalive run -- node server.js

Exit code: that of COMMAND. Where a signal ends COMMAND, the same signal ends
this; 128 and its number where that cannot be. 126 COMMAND could not be run,
127 there is no such COMMAND, 2 wrong usage.
`

export const options = {}

/** Everything from the first argument on that is no option belongs to COMMAND. */
export const operands = 'command' as const

/**
 * All that somebody may send to this process and mean the command: what ends programs, and what has
 * them reload, report or resize. SIGUSR1 would also open Node's debugger here if nobody took it.
 */
const forwarded = [
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGWINCH',
] as const

/** What the keys of a terminal send, to every process of the foreground: the command has it already. */
const ofKeys: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']

/** Runs the command to its end; the exit code is its own. */
export async function run(
  _values: object,
  { stderr }: Terminal,
  {
    env,
    operands: argv,
  }: { readonly env: NodeJS.ProcessEnv; readonly operands: readonly string[] },
): Promise<number> {
  const [command, ...args] = argv
  if (command === undefined) throw new UsageError('A COMMAND to run is missing.')
  const machine = createMachine({ env })
  const given = env.NODE_OPTIONS ?? ''
  const NODE_OPTIONS = addHook(given, hookOption(machine.register, given, argv), machine)
  const ending = await runToEnd(command, args, { ...env, NODE_OPTIONS })
  if (ending instanceof Error) {
    const { code, text } = explain(command, ending)
    say(stderr, text)
    return code
  }
  return ending.signal === null ? (ending.code ?? 1) : dieBy(ending.signal)
}

interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

function runToEnd(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Ending | Error> {
  return new Promise((resolve) => {
    const forward = (signal: NodeJS.Signals): void => {
      // Twice means "at once" to many programs.
      if (ofKeys.includes(signal) && onTerminal()) return
      if (!(child instanceof Error)) child.kill(signal)
    }
    const end = (ending: Ending | Error): void => {
      for (const signal of forwarded) process.removeListener(signal, forward)
      resolve(ending)
    }
    // Before the command starts: what comes meanwhile is handed on when it has.
    for (const signal of forwarded) process.on(signal, forward)
    const child = start(command, args, env)
    if (child instanceof Error) return end(child)
    child.on('error', (error) => {
      // A signal that could not be sent is an error too, and no reason to leave the child alone.
      if (child.pid === undefined) end(error)
    })
    child.on('exit', (code, signal) => end({ code, signal }))
  })
}

/** One of the three may be a pipe, or a file. */
function onTerminal(): boolean {
  return [0, 1, 2].some((fd) => isatty(fd))
}

/** Some failures are thrown and some are emitted. */
function start(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcess | Error {
  try {
    return spawn(command, args, { env, stdio: 'inherit' })
  } catch (error) {
    return error as Error
  }
}

/** Ends this process by `signal`; where it survives that, the exit code of a shell is the result. */
async function dieBy(signal: NodeJS.Signals): Promise<number> {
  // Node ignores the one and starts its debugger at the other.
  if (signal !== 'SIGPIPE' && signal !== 'SIGUSR1') {
    process.kill(process.pid, signal)
    // The first process of a container does not die of a signal it has no handler for.
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return 128 + constants.signals[signal]
}

function explain(command: string, error: NodeJS.ErrnoException): { code: number; text: string } {
  const name = quoted(command)
  if (error.code === 'ENOENT' || command === '') {
    const where = command.includes('/')
      ? 'there is no such file, or what its first line names is missing'
      : 'no folder of PATH has it'
    return { code: 127, text: `The command ${name} was not found: ${where}.` }
  }
  const why =
    error.code === 'EACCES'
      ? 'it is not an executable file, or this user may not execute it'
      : (error.code ?? error.message)
  return { code: 126, text: `The command ${name} could not be run: ${why}.` }
}
