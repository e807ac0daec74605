/** What is another in every run of the same program. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/<Buffer [^>]*>/g, '<Buffer>'],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, 'UUID'],
  // Addresses in memory, and random bytes.
  [/0x[0-9a-f]+/gi, 'HEX'],
  [/\b(?=[a-f]*\d)[0-9a-f]{8,}/gi, 'HEX'],
  // In V8's own words how a string is stored, which depends on what was done with it before.
  [/\b[cu](["#])/g, '$1'],
  // Ports, process ids, times, and how much came at once.
  [/\d+/g, 'N'],
]

/**
 * What a program printed, without what varies from run to run: every line once and in alphabetical
 * order, because what happens in two sockets at a time has no order.
 */
export function normalText(text: string): string {
  const clean = varying.reduce((text, [pattern, name]) => text.replaceAll(pattern, name), text)
  return [...new Set(clean.split('\n'))].sort().join('\n').trim()
}
