import { wrapText } from './wrap-text'

/** Wraps a text to `width` columns in all, of which the first `by` are blank. */
export function indent(text: string, by: number, width = 80): string {
  const space = ' '.repeat(by)
  return wrapText(text, width - by)
    .split('\n')
    .map((line) => `${space}${line}\n`)
    .join('')
}
