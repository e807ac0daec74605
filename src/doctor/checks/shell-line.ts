/** Writes one word for a POSIX shell. */
export function quoteShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** A line for a shell that sets a variable for what it starts. */
export interface ShellLine {
  /** Null where there is but one kind of shell. */
  readonly shell: string | null
  readonly line: string
}

/** How the shells of a platform set a variable. */
export function setVariable(name: string, value: string, platform: string): ShellLine[] {
  if (platform !== 'win32') return [{ shell: null, line: `export ${name}=${quoteShell(value)}` }]
  return [
    { shell: 'PowerShell', line: `$env:${name} = '${value.replaceAll("'", "''")}'` },
    // The last quotation mark ends it, so that those within stay.
    { shell: 'cmd', line: `set "${name}=${value}"` },
  ]
}
