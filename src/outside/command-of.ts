/** Options of Node and Python whose value stands after a blank, and is not the program's script. */
const withValue = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '-C',
  '--conditions',
  '-W',
  '-X',
])

/**
 * The name of a program, and the argument that may be its script: the first that is no option. It may
 * as well be a password or a connection string, so it is to be shown only where it names a file. Pure.
 */
export function commandOf([program = '', ...args]: readonly string[]): {
  name: string
  script: string | null
} {
  const at = args.findIndex(
    (arg, index) => arg !== '' && !arg.startsWith('-') && !withValue.has(args[index - 1] ?? ''),
  )
  return { name: nameOf(program), script: args[at] ?? null }
}

/** Without its folder. A program can write its own title there, and a URL into that. */
function nameOf(program: string): string {
  const scheme = program.indexOf('://')
  const title = scheme === -1 ? program : program.slice(0, program.lastIndexOf(' ', scheme) + 1)
  return title.slice(title.lastIndexOf('/') + 1).trim()
}
