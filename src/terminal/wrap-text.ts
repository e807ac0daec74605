import { printable } from '../process/printable'

/**
 * Breaks a paragraph into lines of at most `width`; a `command in backticks` is never broken. What
 * would not be seen is escaped, new lines too: a value in the text begins no line of its own.
 */
export function wrapText(text: string, width = 80): string {
  const lines: string[] = []
  let line = ''
  for (const word of printable(text).match(/(?:`[^`]*`|\S+)+/g) ?? []) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && longer.length > width) {
      lines.push(line)
      line = word
    } else {
      line = longer
    }
  }
  return [...lines, line].join('\n')
}
