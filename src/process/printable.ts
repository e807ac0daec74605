/**
 * What a terminal or a log viewer obeys or swallows instead of showing it: control characters of C0
 * and C1, line and paragraph separators, marks that turn the direction of writing (CVE-2021-42574),
 * characters without width, blanks that only look like one, halves of surrogate pairs. By number,
 * because a Node that was built without ICU refuses the properties of Unicode.
 */
const UNSEEN =
  '\\0-\\x1f\\x7f-\\xa0\\xad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u115f\\u1160' +
  '\\u1680\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164' +
  '\\ud800-\\udfff\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff' +
  '\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}'

const unseen = new RegExp(`[${UNSEEN}]`, 'gu')
const unseenOrQuoting = new RegExp(`[${UNSEEN}"\\\\]`, 'gu')

/**
 * Text from outside as it may be shown: in one line, and with nothing in it that is not seen. What
 * would not be seen is written as JSON does, `\n` or `\u202e`; a backslash of the text stays as it
 * is, so that twice is no more than once. What takes more than `maxLength` characters is cut there,
 * and ends in three dots.
 */
export function printable(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  return shown(text, unseen, maxLength)
}

/** The same between quotation marks, those of the text itself and backslashes escaped: JSON. */
export function quoted(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  return `"${shown(text, unseenOrQuoting, maxLength)}"`
}

function shown(text: string, pattern: RegExp, maxLength: number): string {
  // No character gets shorter, so that of a long text only the beginning has to be looked at.
  const beginning = text.length > maxLength ? text.slice(0, maxLength + 1) : text
  const whole = beginning.replace(pattern, escaped)
  if (whole.length <= maxLength) return whole
  let cut = ''
  for (const character of beginning) {
    const next = character.replace(pattern, escaped)
    if (cut.length + next.length > maxLength) break
    cut += next
  }
  return `${cut}...`
}

function escaped(character: string): string {
  if (/["\\\b\f\n\r\t]/.test(character)) return JSON.stringify(character).slice(1, -1)
  let units = ''
  for (let index = 0; index < character.length; index++) {
    units += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
  }
  return units
}
