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
  /** How long probes may stay unanswered before the connection is given up. */
  giveUpMs: number
  /** Unanswered probes before the connection is given up. */
  probes: number
  /** How long sent data may stay unacknowledged, null for as long as the kernel sends it again. */
  userTimeoutMs: number | null
  /** Whether the native part may be loaded. */
  native: boolean
  /** What is done about sockets of native code. */
  foreign: 'protect' | 'watch' | 'off'
  /** How much of a waiting request is named: method and host, the path without query too, nothing. */
  request: RequestNaming
  mode: 'socket' | 'kernel'
  app: 'cap' | 'respect'
  /** Whether pooled connections that are stale are destroyed. */
  pool: 'off' | 'evict'
  /** The rules as written, each of them valid. */
  exclude: readonly string[]
  sysctl: 'auto' | 'warn' | 'off' | 'strict'
  /** Idle time after which an outbound socket is warned about, null for never. */
  idleWarnMs: number | null
  idleLoopback: boolean
  /** How often the auditor looks, null for never. */
  auditMs: number | null
  format: 'text' | 'json'
  /** Whether the metrics go to OpenTelemetry where its API is loaded. */
  metrics: 'off' | 'otel'
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
export interface Parsed<T> {
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
  parse(text: string): Parsed<Config[K]>
  /** Checks the value of the option, which may be anything but undefined. */
  check(value: unknown): Parsed<Config[K]>
  /** The value as a user would write it. */
  show(value: Config[K]): string
}
