/** What a name from outside can hold to forge a line, move, colour, hide or turn what is shown. */
export const hostile = [
  '\nProcess 1: forged',
  '\r\x1b[1A\x1b[2K',
  '\x1b[31mred',
  '\x1b]0;title\x07',
  '\x9b2J',
  '\x85next',
  '\u2028line\u2029paragraph',
  '\u202egnp.exe',
  '\x7f\x08\0',
].join('|')

/** What of a text would be obeyed or swallowed, new lines apart. */
export function obeyed(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.match(/[\0-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g) ?? []
}
