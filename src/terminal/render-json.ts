import { printable } from '../process/printable'

/**
 * Data as JSON with a new line at its end: in one line, or with `indent` blanks before each level.
 * Beyond what JSON itself escapes in strings, all is escaped that would not be seen; it is read back
 * as it was.
 */
export function renderJson(data: unknown, indent = 2): string {
  const lines = JSON.stringify(data, null, indent).split('\n')
  return `${lines.map((line) => printable(line)).join('\n')}\n`
}
