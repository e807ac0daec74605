import { type ParseArgsConfig, parseArgs } from 'node:util'
import * as demo from './commands/demo'
import { createPaint, type Output, type Terminal } from './demo/terminal'
import { version } from './installation'
import { nearest } from './settings'

export interface Streams {
  readonly stdout: Output
  readonly stderr: Output
}

interface Command {
  /** One line of --help. */
  readonly summary: string
  /** What `COMMAND --help` prints. */
  readonly help: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  run(values: object, terminal: Terminal): Promise<number>
}

const commands: Readonly<Record<string, Command>> = { demo }

const help = `Usage: nat-keepalive COMMAND [OPTION]...

Keeps idle outbound connections alive behind NAT gateways, and tells which
ones would die.

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}\n`)
  .join('')}
  --help     this text, or after a COMMAND the text about it
  --version  the version of nat-keepalive

Exit codes: 0 fine, 1 findings, 2 wrong usage.
`

class UsageError extends Error {
  override name = 'UsageError'
}

/** The command line of nat-keepalive; `argv` is what follows the name of the program. */
export async function main(
  argv: readonly string[],
  streams: Streams,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  try {
    const [name, ...args] = argv
    if (name === undefined) throw new UsageError('A COMMAND is missing.')
    if (name.startsWith('-')) return about(argv, streams)
    const command = find(name)
    const { help: wanted, ...values } = parse(args, command.options)
    if (wanted) {
      streams.stdout.write(command.help)
      return 0
    }
    return await command.run(values, { ...streams, paint: createPaint(streams.stdout, env) })
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    streams.stderr.write(`nat-keepalive: ${error.message} See nat-keepalive --help.\n`)
    return 2
  }
}

/** Without a COMMAND there are only questions about the program itself. */
function about(argv: readonly string[], { stdout }: Streams): number {
  const { help: wanted } = parse(argv, { version: { type: 'boolean' } })
  stdout.write(wanted ? help : `${version}\n`)
  return 0
}

function find(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command !== undefined) return command
  const near = nearest(name, Object.keys(commands))
  const hint = near === null ? '' : `, perhaps ${near} was meant`
  throw new UsageError(`The command ${JSON.stringify(name)} is unknown${hint}.`)
}

function parse(args: readonly string[], options: Command['options']): Record<string, unknown> {
  if (parseArgs === undefined) {
    throw new UsageError('The command line needs Node 18.3; the hook itself does not.')
  }
  try {
    return parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
    }).values
  } catch (error) {
    if (!isParseError(error)) throw error
    throw new UsageError(explain(error))
  }
}

function isParseError(error: unknown): error is NodeJS.ErrnoException {
  return String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
}

// Node's own sentences carry advice that is meant for other programs.
function explain({ code, message }: NodeJS.ErrnoException): string {
  const [, subject = ''] = /'(.*?)'/.exec(message) ?? []
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `The option ${subject} is unknown.`
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    return `The argument ${JSON.stringify(subject)} is one too many.`
  }
  return `The option ${subject} is not used in the right way.`
}
