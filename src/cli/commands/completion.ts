import type { ParseArgsConfig } from 'node:util'
import { quoted } from '../../process/printable'
import type { Terminal } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'

export const summary = 'completion of the command line for a shell'

export const help = `Usage: nat-keepalive completion SHELL

Prints what makes bash, zsh or fish complete commands and options.

  --help  this text

Example:
  source <(nat-keepalive completion bash)

Exit codes: 0 fine, 2 wrong usage.
`

export const options = {}

export const operands = 'any' as const

/** What is completed: the commands, each with its options. */
export type Completed = Readonly<
  Record<
    string,
    { readonly summary: string; readonly options: NonNullable<ParseArgsConfig['options']> }
  >
>

const shells: Readonly<Record<string, (commands: Completed) => string>> = { bash, zsh, fish }

export async function run(
  _values: object,
  { stdout }: Terminal,
  {
    operands: given,
    commands,
  }: { readonly operands: readonly string[]; readonly commands: Completed },
): Promise<number> {
  const [shell, more] = given
  if (more !== undefined) throw new UsageError(`The argument ${quoted(more)} is one too many.`)
  const write = shell !== undefined && Object.hasOwn(shells, shell) ? shells[shell] : undefined
  if (write === undefined) throw new UsageError('A SHELL is missing: bash, zsh or fish.')
  stdout.write(write(commands))
  return 0
}

function flagsOf({ options: known }: Completed[string]): string[] {
  return [...Object.keys(known), 'help'].map((name) => `--${name}`)
}

function bash(commands: Completed): string {
  const cases = Object.entries(commands)
    .map(([name, command]) => `    ${name}) words='${flagsOf(command).join(' ')}' ;;\n`)
    .join('')
  return `_nat_keepalive() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases}    *) words='' ;;
  esac
  [ "$COMP_CWORD" = 1 ] && words='${Object.keys(commands).join(' ')} --help --version'
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _nat_keepalive nat-keepalive
`
}

function zsh(commands: Completed): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`
}

function fish(commands: Completed): string {
  const text = (sentence: string) => `'${sentence.replaceAll("'", "\\'")}'`
  return Object.entries(commands)
    .map(([name, command]) => {
      const first = `complete -c nat-keepalive -n __fish_use_subcommand -a ${name} -d ${text(command.summary)}\n`
      const flags = flagsOf(command).map(
        (flag) =>
          `complete -c nat-keepalive -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}\n`,
      )
      return [first, ...flags].join('')
    })
    .join('')
}
