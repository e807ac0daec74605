/** The longest delay a Node timer can hold, in milliseconds: 2^31 - 1, a little under 25 days. */
export const maxDurationMs = 2 ** 31 - 1

const hourMs = 3_600_000
const minuteMs = 60_000
const secondMs = 1000

// \d without the u flag is ASCII only, and ten digits hold every value up to the maximum.
const pattern = /^(?:(\d{1,10})h)?(?:(\d{1,10})m)?(?:(\d{1,10})s)?(?:(\d{1,10})ms)?$/

/**
 * Reads a duration such as `1500ms`, `45s`, `5m50s` or `2h`, in milliseconds.
 *
 * Null for anything else: a bare number (Node counts milliseconds, the kernel seconds, so it has
 * no safe reading), a sign, a decimal, a blank, units out of order or twice, capital units, more
 * than `maxDurationMs`.
 */
export function parseDuration(text: string): number | null {
  const match = pattern.exec(text)
  if (match === null || text === '') return null
  const [, hours = 0, minutes = 0, seconds = 0, rest = 0] = match
  const ms =
    Number(hours) * hourMs + Number(minutes) * minuteMs + Number(seconds) * secondMs + Number(rest)
  return ms <= maxDurationMs ? ms : null
}

/**
 * Writes milliseconds in a form `parseDuration` reads back exactly: `45s`, `4m`, `5m50s`, `2h`,
 * and in milliseconds alone where there is a part of a second (`1500ms`). A fraction of a
 * millisecond is rounded.
 */
export function formatDuration(ms: number): string {
  const whole = Math.round(ms)
  if (!(whole >= 0 && whole < Infinity) || whole % secondMs !== 0) return `${whole}ms`
  const hours = Math.floor(whole / hourMs)
  const minutes = Math.floor((whole % hourMs) / minuteMs)
  const seconds = (whole % minuteMs) / secondMs
  const parts = `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}`
  return seconds > 0 || parts === '' ? `${parts}${seconds}s` : parts
}
