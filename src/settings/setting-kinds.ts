import { formatDuration, maxDurationMs, parseDuration } from './duration'
import { parseExcludeRule } from './exclude'
import { nearest } from './nearest'
import type { Config, Parsed, Refusal, Setting } from './setting'
import { parseSwitch } from './switch'

type KeysOf<T> = { [K in keyof Config]: Config[K] extends T ? K : never }[keyof Config]
/** Those that `off` stands for in a variable, and null in an option. */
type MayBeOff = 'idleWarnMs' | 'auditMs' | 'userTimeoutMs'
type Head<K extends keyof Config> = Pick<Setting<K>, 'name' | 'key' | 'fallback' | 'meaning'>

interface Range {
  readonly minMs: number
  readonly maxMs: number
  readonly wholeSeconds?: boolean
  readonly example: string
}

function taken<T>(value: T): Parsed<T> {
  return { value, refusals: [] }
}

function refused<T>(value: unknown, reason: string | null = null): Parsed<T> {
  return { value: undefined, refusals: [{ value, reason }] }
}

export function onOff(head: Head<KeysOf<boolean>>): Setting<KeysOf<boolean>> {
  return {
    ...head,
    kind: 'switch',
    expected: 'on or off',
    expectedOption: 'true or false',
    parse(text) {
      const value = parseSwitch(text)
      return value === null ? refused(text) : taken(value)
    },
    check: (value) => (typeof value === 'boolean' ? taken(value) : refused(value)),
    show: (value) => (value ? 'on' : 'off'),
  }
}

export function choice<K extends KeysOf<string>>(
  head: Head<K>,
  words: readonly Config[K][],
): Setting<K> {
  const check = (value: unknown, word = value): Parsed<Config[K]> => {
    const known = words.find((candidate) => candidate === word)
    return known === undefined ? refused(value) : taken(known)
  }
  const expected = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
  return {
    ...head,
    kind: 'choice',
    expected,
    expectedOption: expected,
    parse: (text) => check(text, text.toLowerCase()),
    check: (value) => check(value),
    show: String,
  }
}

export function profile(head: Head<'profile'>): Setting<'profile'> {
  const check = (value: unknown): Parsed<string | null> => {
    if (typeof value !== 'string') return refused(value)
    // Only who names a middlebox pays for the table.
    const { findProfile, profiles } = require('./profiles') as typeof import('./profiles')
    const found = findProfile(value.toLowerCase())
    if (found === undefined) {
      const near = nearest(
        value,
        profiles.map(({ id }) => id),
      )
      return refused(
        value,
        `there is no such middlebox${near === null ? '' : `, the nearest is ${near}`}`,
      )
    }
    if (found.layer === 4) return taken(found.id)
    return refused(
      value,
      `${found.id} works at layer 7, where only data resets the limit and keepalive probes do not`,
    )
  }
  const expected = 'the id of a layer-4 middlebox (nat-keepalive profiles)'
  return {
    ...head,
    kind: 'profile',
    expected,
    expectedOption: `${expected} or null`,
    parse: check,
    check: (value) => (value === null ? taken(null) : check(value)),
    show: (value) => value ?? 'none',
  }
}

export function duration<K extends KeysOf<number>>(head: Head<K>, range: Range): Setting<K> {
  const { parse, check, ...texts } = durationReader(range)
  return { ...head, kind: 'duration', ...texts, parse, check, show: formatDuration }
}

export function durationOrOff(head: Head<MayBeOff>, range: Range): Setting<MayBeOff> {
  const { parse, check, expected, expectedOption } = durationReader(range)
  return {
    ...head,
    kind: 'duration',
    expected: `${expected}, or off`,
    expectedOption: `${expectedOption}, or null`,
    parse: (text) => (text.toLowerCase() === 'off' ? taken(null) : parse(text)),
    check: (value) => (value === null ? taken(null) : check(value)),
    show: (value) => (value === null ? 'off' : formatDuration(value)),
  }
}

function durationReader({ minMs, maxMs, wholeSeconds = false, example }: Range) {
  const fits = (ms: number): boolean =>
    ms >= minMs && ms <= maxMs && (!wholeSeconds || ms % 1000 === 0)

  const judge = (value: unknown, ms: number): Parsed<number> => {
    if (fits(ms)) return taken(ms)
    if (ms < minMs) return refused(value, 'it is too short')
    if (ms > maxMs) return refused(value, 'it is too long')
    return refused(value, 'the kernel counts it in whole seconds')
  }

  // A thousand and more was most likely meant in milliseconds, less in seconds.
  const intent = (bare: number): string => {
    const readings = bare < 1000 ? [bare * 1000] : [bare, bare * 1000]
    const likely = readings.find(fits)
    return likely === undefined ? '' : `, perhaps ${formatDuration(likely)} was meant`
  }

  return {
    expected: `${wholeSeconds ? 'whole seconds' : 'a duration'} from ${formatDuration(minMs)} to ${formatLongest(maxMs)}, such as ${example}`,
    expectedOption: `a number of milliseconds${wholeSeconds ? ' in whole seconds' : ''}, from ${minMs} to ${maxMs}`,
    parse(text: string): Parsed<number> {
      const ms = parseDuration(text)
      if (ms !== null) return judge(text, ms)
      if (!/^[+-]?[\d.]+$/.test(text)) return refused(text)
      return refused(
        text,
        `a bare number is ambiguous (Node counts milliseconds, the kernel seconds)${/^\d+$/.test(text) ? intent(Number(text)) : ''}`,
      )
    },
    check(value: unknown): Parsed<number> {
      return typeof value === 'number' && Number.isInteger(value)
        ? judge(value, value)
        : refused(value)
    },
  }
}

/** The kernel's range stays in seconds, as its man page has it; a timer's maximum is rounded. */
function formatLongest(ms: number): string {
  return ms === maxDurationMs ? '596h' : `${ms / 1000}s`
}

export function count(
  head: Head<'probes'>,
  { min, max }: { readonly min: number; readonly max: number },
): Setting<'probes'> {
  const check = (value: unknown, number = value): Parsed<number> =>
    typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max
      ? taken(number)
      : refused(value)
  const expected = `a whole number from ${min} to ${max}`
  return {
    ...head,
    kind: 'count',
    expected,
    expectedOption: expected,
    parse: (text) => check(text, /^\d{1,9}$/.test(text) ? Number(text) : null),
    check: (value) => check(value),
    show: String,
  }
}

export function list(head: Head<'exclude'>): Setting<'exclude'> {
  const check = (entries: readonly unknown[]): Parsed<readonly string[]> => {
    const good: string[] = []
    const refusals: Refusal[] = []
    for (const entry of entries) {
      const rule = typeof entry === 'string' ? parseExcludeRule(entry) : null
      if (rule !== null) good.push(rule.text)
      else refusals.push({ value: entry, reason: null })
    }
    return { value: good.length > 0 || refusals.length === 0 ? good : undefined, refusals }
  }
  const expected =
    'host names (*.internal), addresses or CIDR blocks, each with an optional :port ([fd00::1]:443)'
  return {
    ...head,
    kind: 'list',
    expected,
    expectedOption: `an array of ${expected}`,
    // A comma too many is no mistake worth a warning.
    parse: (text) => check(text.split(',').filter((entry) => entry.trim() !== '')),
    check: (value) => (Array.isArray(value) ? check(value) : refused(value)),
    show: (value) => (value.length === 0 ? 'none' : value.join(',')),
  }
}
