import { formatDuration, maxDurationMs, parseDuration } from './duration'
import { parseExcludeRule } from './exclude'
import { findProfile, profiles, strictestDefault } from './profiles'
import { parseSwitch } from './switch'

/** Every choice that can be made, with nothing left open. Durations are milliseconds. */
export interface Config {
  /** False: patch nothing, print nothing. */
  enabled: boolean
  /** Id of the middlebox that was chosen, null where none was. */
  profile: string | null
  /** Idle time after which the path forgets a connection. */
  limitMs: number
  /** Idle time before the first probe: whole seconds, as are the intervals between probes. */
  delayMs: number
  intervalMs: number
  /** Unanswered probes before the connection is given up. */
  probes: number
  /** How much of a waiting request is named: method and host, the path without query too, nothing. */
  request: RequestNaming
  mode: 'socket' | 'kernel'
  app: 'cap' | 'respect'
  /** The rules as written, each of them valid. */
  exclude: readonly string[]
  sysctl: 'auto' | 'warn' | 'off' | 'strict'
  /** Idle time after which an outbound socket is warned about, null for never. */
  idleWarnMs: number | null
  idleLoopback: boolean
  /** How often the auditor looks, null for never. */
  auditMs: number | null
  format: 'text' | 'json'
}

/** How much of a waiting request is named. */
export type RequestNaming = 'host' | 'path' | 'off'

/** Why something that was given is not taken. */
export interface Refusal {
  /** What was given: all of it, or the one entry of a list. */
  readonly value: unknown
  /** Half a sentence, null where what is expected says it all. */
  readonly reason: string | null
}

/** What came of reading a value: undefined where nothing of it can be used. */
export interface Reading<T> {
  readonly value: T | undefined
  readonly refusals: readonly Refusal[]
}

/** One setting: the environment, `install()`, --help, the README and the doctor all follow it. */
export interface Setting<K extends keyof Config = keyof Config> {
  /** The environment variable. */
  readonly name: string
  /** The option of `install()`. */
  readonly key: K
  readonly kind: 'switch' | 'choice' | 'profile' | 'duration' | 'count' | 'list'
  /** The default, in words. */
  readonly fallback: string
  /** What a value of the variable has to be: `expected ...`. */
  readonly expected: string
  /** What a value of the option has to be: `expected ...`. */
  readonly expectedOption: string
  /** What it is for, in a line. */
  readonly meaning: string
  /** Reads the text of the variable, which is trimmed and not empty. */
  parse(text: string): Reading<Config[K]>
  /** Checks the value of the option, which may be anything but undefined. */
  check(value: unknown): Reading<Config[K]>
  /** The value as a user would write it. */
  show(value: Config[K]): string
}

/** Every default that is a literal; the others follow from these in schedule.ts and config.ts. */
export const defaults = Object.freeze({
  enabled: true,
  profile: null,
  /** The delay where the limit leaves room for it, and how many delays have to fit in a limit. */
  longestDelayMs: 45_000,
  delaysInLimit: 4,
  /** The interval, where the delay is not shorter. */
  longestIntervalMs: 15_000,
  probes: 4,
  request: 'host',
  mode: 'socket',
  app: 'cap',
  exclude: Object.freeze([]) as readonly string[],
  sysctl: 'auto',
  idleWarnPercent: 80,
  idleLoopback: false,
  auditMs: 30_000,
  format: 'text',
} as const)

/** What the kernel accepts for TCP_KEEPIDLE and TCP_KEEPINTVL (MAX_TCP_KEEPIDLE, in seconds). */
const kernelRange = { minMs: 1000, maxMs: 32_767_000, wholeSeconds: true }

/** The settings, in the order in which they are explained. */
export const settings: readonly Setting[] = Object.freeze([
  onOff({
    name: 'NAT_KEEPALIVE',
    key: 'enabled',
    fallback: 'on',
    meaning: 'off, 0, false, no or disabled: patch nothing, print nothing, in workers too',
  }),
  profile({
    name: 'NAT_KEEPALIVE_PROFILE',
    key: 'profile',
    fallback: 'strictest verified layer-4 default',
    meaning: 'id of a middlebox (nat-keepalive profiles), gives the limit',
  }),
  duration(
    {
      name: 'NAT_KEEPALIVE_LIMIT',
      key: 'limitMs',
      fallback: `the profile's, else ${strictestDefault().limitSeconds}s`,
      meaning: 'idle limit of the path; wins over the profile',
    },
    { minMs: 2000, maxMs: maxDurationMs, example: '350s' },
  ),
  duration(
    {
      name: 'NAT_KEEPALIVE_DELAY',
      key: 'delayMs',
      fallback: `${formatDuration(defaults.longestDelayMs)}, or a quarter of the limit where that is less`,
      meaning: 'idle time before the first probe',
    },
    { ...kernelRange, example: '45s' },
  ),
  duration(
    {
      name: 'NAT_KEEPALIVE_INTERVAL',
      key: 'intervalMs',
      fallback: `${formatDuration(defaults.longestIntervalMs)}, never more than the delay`,
      meaning: 'between probes nobody answered',
    },
    { ...kernelRange, example: '15s' },
  ),
  count(
    {
      name: 'NAT_KEEPALIVE_PROBES',
      key: 'probes',
      fallback: String(defaults.probes),
      meaning: 'unanswered probes before the connection is given up',
    },
    // MAX_TCP_KEEPCNT
    { min: 1, max: 127 },
  ),
  choice(
    {
      name: 'NAT_KEEPALIVE_REQUEST',
      key: 'request',
      fallback: defaults.request,
      meaning:
        'how a waiting request is named: host (method and host), path (without query, cut), off',
    },
    ['host', 'path', 'off'],
  ),
  choice(
    {
      name: 'NAT_KEEPALIVE_MODE',
      key: 'mode',
      fallback: defaults.mode,
      meaning: 'kernel: only switch keepalive on and let the sysctls set the times',
    },
    ['socket', 'kernel'],
  ),
  choice(
    {
      name: 'NAT_KEEPALIVE_APP',
      key: 'app',
      fallback: defaults.app,
      meaning:
        "the program's own setKeepAlive calls: cap = a shorter delay stays, off, 0 and longer become ours; respect = an explicit call wins and is recorded",
    },
    ['cap', 'respect'],
  ),
  list({
    name: 'NAT_KEEPALIVE_EXCLUDE',
    key: 'exclude',
    fallback: 'none',
    meaning:
      'comma list of host names (*.internal), addresses, CIDR blocks, each with an optional :port, left alone',
  }),
  choice(
    {
      name: 'NAT_KEEPALIVE_SYSCTL',
      key: 'sysctl',
      fallback: defaults.sysctl,
      meaning:
        'the start-up check of the kernel: auto (told where its values matter: kernel mode, or a connection that the hook cannot protect), warn (told at every start), off, or strict (the program does not start: exit code 78)',
    },
    ['auto', 'warn', 'off', 'strict'],
  ),
  durationOrOff(
    {
      name: 'NAT_KEEPALIVE_IDLE_WARN',
      key: 'idleWarnMs',
      fallback: `${defaults.idleWarnPercent}% of the limit`,
      meaning: 'idle time after which an outbound socket is warned about; off',
    },
    { minMs: 100, maxMs: maxDurationMs, example: '3m' },
  ),
  onOff({
    name: 'NAT_KEEPALIVE_IDLE_LOOPBACK',
    key: 'idleLoopback',
    fallback: 'off',
    meaning: 'on: warn about idle sockets to loopback addresses too',
  }),
  durationOrOff(
    {
      name: 'NAT_KEEPALIVE_AUDIT',
      key: 'auditMs',
      fallback: formatDuration(defaults.auditMs),
      meaning: 'how often the auditor looks; off',
    },
    { minMs: 100, maxMs: maxDurationMs, example: '30s' },
  ),
  choice(
    {
      name: 'NAT_KEEPALIVE_FORMAT',
      key: 'format',
      fallback: defaults.format,
      meaning: 'json: each warning is one JSON line on stderr',
    },
    ['text', 'json'],
  ),
]) as readonly Setting[]

/** The one of `known` that takes the fewest typing mistakes to become `text`, if any is near. */
export function nearest(text: string, known: readonly string[]): string | null {
  if (text.length > 64) return null
  const ranked = known
    .map((name) => ({ name, mistakes: editDistance(text.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.mistakes - b.mistakes)
  const best = ranked[0]
  return best !== undefined && best.mistakes <= Math.max(2, text.length / 3) ? best.name : null
}

type KeysOf<T> = { [K in keyof Config]: Config[K] extends T ? K : never }[keyof Config]
type Head<K extends keyof Config> = Pick<Setting<K>, 'name' | 'key' | 'fallback' | 'meaning'>

interface Range {
  readonly minMs: number
  readonly maxMs: number
  readonly wholeSeconds?: boolean
  readonly example: string
}

function taken<T>(value: T): Reading<T> {
  return { value, refusals: [] }
}

function refused<T>(value: unknown, reason: string | null = null): Reading<T> {
  return { value: undefined, refusals: [{ value, reason }] }
}

function onOff(head: Head<KeysOf<boolean>>): Setting<KeysOf<boolean>> {
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

function choice<K extends KeysOf<string>>(head: Head<K>, words: readonly Config[K][]): Setting<K> {
  const check = (value: unknown, word = value): Reading<Config[K]> => {
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

function profile(head: Head<'profile'>): Setting<'profile'> {
  const check = (value: unknown): Reading<string | null> => {
    if (typeof value !== 'string') return refused(value)
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

function duration<K extends KeysOf<number>>(head: Head<K>, range: Range): Setting<K> {
  const { parse, check, ...texts } = durationReader(range)
  return { ...head, kind: 'duration', ...texts, parse, check, show: formatDuration }
}

function durationOrOff(
  head: Head<'idleWarnMs' | 'auditMs'>,
  range: Range,
): Setting<'idleWarnMs' | 'auditMs'> {
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

  const judge = (value: unknown, ms: number): Reading<number> => {
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
    parse(text: string): Reading<number> {
      const ms = parseDuration(text)
      if (ms !== null) return judge(text, ms)
      if (!/^[+-]?[\d.]+$/.test(text)) return refused(text)
      return refused(
        text,
        `a bare number is ambiguous (Node counts milliseconds, the kernel seconds)${/^\d+$/.test(text) ? intent(Number(text)) : ''}`,
      )
    },
    check(value: unknown): Reading<number> {
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

function count(
  head: Head<'probes'>,
  { min, max }: { readonly min: number; readonly max: number },
): Setting<'probes'> {
  const check = (value: unknown, number = value): Reading<number> =>
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

function list(head: Head<'exclude'>): Setting<'exclude'> {
  const check = (entries: readonly unknown[]): Reading<readonly string[]> => {
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

/** Levenshtein's: insertions, deletions and replacements of one character. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
