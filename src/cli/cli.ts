import { type ParseArgsConfig, parseArgs } from 'node:util'
import { quoted } from '../process/printable'
import { version } from '../process/version'
import { nearest } from '../settings/nearest'
import { say } from '../terminal/say'
import { createTerminal, type Streams, type Terminal } from '../terminal/terminal'
import { UsageError } from '../terminal/usage-error'
import * as audit from './commands/audit'
import * as completion from './commands/completion'
import * as demo from './commands/demo'
import * as doctor from './commands/doctor'
import * as explain from './commands/explain'
import * as exporter from './commands/exporter'
import * as lab from './commands/lab'
import * as measure from './commands/measure'
import * as profiles from './commands/profiles'
import * as rescue from './commands/rescue'
import * as run from './commands/run'
import * as snippet from './commands/snippet'

interface Invocation {
  readonly env: NodeJS.ProcessEnv
  /** The arguments that are no options. */
  readonly operands: readonly string[]
  /** All there are: what is completed. */
  readonly commands: Readonly<Record<string, Command>>
}

interface Command {
  /** One line of --help. */
  readonly summary: string
  /** What `COMMAND --help` prints. */
  readonly help: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  /**
   * Whether arguments that are no options are taken: `any` wherever they stand; with `command`, the
   * first of them ends the options; with `dashes` only two dashes do. None are without it.
   */
  readonly operands?: 'any' | 'command' | 'dashes'
  run(values: object, terminal: Terminal, invocation: Invocation): Promise<number>
}

/** In the order of --help. */
const commands: Readonly<Record<string, Command>> = {
  doctor,
  audit,
  rescue,
  measure,
  run,
  profiles,
  snippet,
  explain,
  completion,
  lab,
  exporter,
  demo,
}

const help = `Usage: nat-keepalive COMMAND [OPTION]...

Keeps idle outbound connections alive behind NAT gateways, and tells which
ones would die.

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}\n`)
  .join('')}
  --help     this text, or after a COMMAND the text about it
  --version  the version of nat-keepalive

Example:
  nat-keepalive doctor

Exit codes: 0 fine, 1 findings, 2 wrong usage or a refused setting, 3 nothing
could be looked into, 4 the output could not be written.
`

/** The command line of nat-keepalive; `argv` is what follows the name of the program. */
export async function main(
  argv: readonly string[],
  streams: Streams,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const terminal = createTerminal(streams, env)
  const [name, ...args] = argv
  let topic = ''
  try {
    if (name === undefined) throw new UsageError('A COMMAND is missing.')
    if (name.startsWith('-')) return about(argv, terminal)
    if (name === 'help') return tellHelp(args, terminal)
    const command = find(name)
    topic = `${name} `
    const { values, operands } = read(args, command)
    const { help: wanted, ...rest } = values
    if (wanted) {
      terminal.stdout.write(command.help)
      return 0
    }
    return await command.run(rest, terminal, { env, operands, commands })
  } catch (error) {
    if (error instanceof UsageError) {
      say(terminal.stderr, `${error.message} See nat-keepalive ${topic}--help.`)
      return 2
    }
    if ((error as NodeJS.ErrnoException)?.syscall === 'write') throw error
    // A defect. Node would print it with whatever is in it.
    terminal.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    return 3
  }
}

/** Without a COMMAND there are only questions about the program itself. */
function about(argv: readonly string[], { stdout }: Terminal): number {
  const questions = { version: { type: 'boolean', short: 'v' } } as const
  const { help: wanted } = parse(argv, questions, false).values
  stdout.write(wanted ? help : `${version}\n`)
  return 0
}

/** `help` and `help COMMAND`, as many programs have it. */
function tellHelp([topic, more]: readonly string[], { stdout }: Terminal): number {
  if (more !== undefined) throw new UsageError(`The argument ${quoted(more)} is one too many.`)
  stdout.write(topic === undefined || topic.startsWith('-') ? help : find(topic).help)
  return 0
}

function find(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command !== undefined) return command
  const near = nearest(name, Object.keys(commands))
  const hint = near === null ? '' : `, perhaps ${near} was meant`
  throw new UsageError(`The command ${quoted(name)} is unknown${hint}.`)
}

interface Arguments {
  readonly values: Record<string, unknown>
  readonly operands: readonly string[]
}

function read(args: readonly string[], { options, operands }: Command): Arguments {
  if (operands === 'dashes') {
    const end = args.includes('--') ? args.indexOf('--') : args.length
    const { values } = parse(args.slice(0, end), options, false)
    return { values, operands: args.slice(end + 1) }
  }
  if (operands !== 'command') return parse(args, options, operands === 'any')
  const first = args.findIndex((arg) => arg === '--' || !arg.startsWith('-'))
  const end = first === -1 ? args.length : first
  const { values } = parse(args.slice(0, end), options, false)
  return { values, operands: args.slice(args[end] === '--' ? end + 1 : end) }
}

function parse(
  args: readonly string[],
  options: Command['options'],
  allowPositionals: boolean,
): Arguments {
  if (parseArgs === undefined) {
    throw new UsageError('The command line needs Node 18.3; the hook itself does not.')
  }
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals,
    })
    return { values, operands: positionals }
  } catch (error) {
    if (!isParseError(error)) throw error
    throw new UsageError(sentenceOf(error))
  }
}

function isParseError(error: unknown): error is NodeJS.ErrnoException {
  return String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
}

// Node's own sentences carry advice that is meant for other programs.
function sentenceOf({ code, message }: NodeJS.ErrnoException): string {
  const [, subject = ''] = /'(.*?)'/s.exec(message) ?? []
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `The option ${subject} is unknown.`
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    return `The argument ${quoted(subject)} is one too many.`
  }
  // `-h, --help` of an option with a short name; `--limit <value>` of one that takes a value.
  const name = subject.split(/[ ,]+/).find((word) => word.startsWith('--')) ?? subject
  return message.includes('argument missing') || message.includes('ambiguous')
    ? `The option ${name} takes a value.`
    : `The option ${name} takes no value.`
}
