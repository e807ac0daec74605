/** NODE_OPTIONS taken apart: the arguments, and why Node would refuse the rest. */
export interface NodeOptions {
  readonly args: readonly string[]
  /** Half a sentence, null where it is well-formed. */
  readonly problem: string | null
}

/** A file or module that Node loads before the program. */
export interface Preload {
  readonly flag: '--require' | '--import'
  /** How the flag is written. */
  readonly spelling: '--require' | '--import' | '-r'
  /** Whether an equals sign, and no blank, stands between the flag and its value. */
  readonly attached: boolean
  /** As Node resolves it: a path, a package, or a URL. */
  readonly specifier: string
}

/**
 * Splits NODE_OPTIONS as Node does (ParseNodeOptionsEnvVar in src/node_options.cc): only blanks
 * separate, double quotes hold together, and a backslash escapes only between them.
 */
export function parseNodeOptions(text: string): NodeOptions {
  const args: string[] = []
  let quoted = false
  let begun = false
  for (let index = 0; index < text.length; index++) {
    let character = text[index] as string
    if (character === '\\' && quoted) {
      index++
      if (index === text.length) return { args, problem: 'a backslash ends it' }
      character = text[index] as string
    } else if (character === ' ' && !quoted) {
      begun = false
      continue
    } else if (character === '"') {
      quoted = !quoted
      continue
    }
    if (begun) args[args.length - 1] += character
    else args.push(character)
    begun = true
  }
  return { args, problem: quoted ? 'a double quote is not closed' : null }
}

/** What the arguments preload, in the order in which it stands there. */
export function preloadsOf({ args, problem }: NodeOptions): {
  preloads: Preload[]
  problem: string | null
} {
  const preloads: Preload[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string
    const [, name, attached] = /^(--(?:require|import)|-r)(?:=(.*))?$/s.exec(arg) ?? []
    // Node takes `=` after the long names only.
    if (name === undefined || (name === '-r' && attached !== undefined)) continue
    const value = attached ?? args[++index]
    if (value === undefined || value === '' || (attached === undefined && value.startsWith('-'))) {
      return { preloads, problem: problem ?? `${name} has no value` }
    }
    // A backslash before a leading dash says that the value is not an option.
    const specifier = value.startsWith('\\-') ? value.slice(1) : value
    preloads.push({
      flag: name === '--import' ? name : '--require',
      spelling: name as Preload['spelling'],
      attached: attached !== undefined,
      specifier,
    })
  }
  return { preloads, problem }
}

/** Writes one argument so that Node reads it back exactly. */
export function quoteNodeOption(text: string): string {
  return /^[^\s"]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}
