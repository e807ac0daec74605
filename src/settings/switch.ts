const ON = /^(?:on|1|true|yes|enabled)$/i
const OFF = /^(?:off|0|false|no|disabled)$/i

/** Reads a word that switches something, in any case and with blanks around it; null for others. */
export function parseSwitch(text: string): boolean | null {
  const word = text.trim()
  if (OFF.test(word)) return false
  return ON.test(word) ? true : null
}
