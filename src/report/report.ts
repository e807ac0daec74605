import type { Opener } from '../connections/opener'
import type { Asked, Decision } from '../connections/policy'
import type { WaitingRequest } from '../connections/waiting-request'
import type { Holder } from '../judge/holders'
import type { Learned } from '../judge/idle-ages'
import type { JudgedForeign } from '../judge/native-groups'
import type { Verdict } from '../judge/verdict'
import type { KernelWord } from '../kernel/kernel-word'
import type { Reading } from '../kernel/proc-fs'
import type { SocketOptions } from '../kernel/socket-options'
import type { KeepaliveSysctls } from '../kernel/sysctl'
import type { Config } from '../settings/config'

/** A schedule; null in a field where the kernel's sysctls give it. Milliseconds. */
export interface Applied {
  readonly delayMs: number | null
  readonly intervalMs: number | null
  readonly probes: number | null
}

export interface Address {
  readonly address: string | null
  readonly port: number | null
}

/** The kernel's word on a connection; `why` says why something is null. */
export interface ReportedWord
  extends Pick<
    KernelWord,
    'armed' | 'nextTimerMs' | 'unansweredProbes' | 'unackedBytes' | 'lastAnswerMs' | 'why'
  > {
  /** The options as the kernel has them; null without the native part, and from outside. */
  readonly options: Omit<SocketOptions, 'keepalive'> | null
}

export type ReportedVerdict = Pick<Verdict, 'verdict' | 'reason'>

/** An outbound connection of JavaScript. */
export interface ReportedSocket extends ReportedVerdict {
  readonly id: number
  readonly remote: Address & { readonly host: string }
  readonly local: Address
  /** ISO 8601; null where it was open before there was a hook, at the longest since the process started. */
  readonly openedAt: string | null
  /** Since the last look that saw bytes move, 0 where some moved after it. */
  readonly idleMs: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** What the program last asked for; null where it asked for nothing. */
  readonly asked: Asked | null
  /** What the hook put there; null where it left the socket alone. */
  readonly applied: Applied | null
  readonly kernel: ReportedWord
  readonly opener: Opener
  /** The request that waits on it, as far as its client tells. */
  readonly request: WaitingRequest | null
}

/** A connection that the hook did not see connect; an inbound one only where nothing tells that it is. */
export interface ReportedForeign extends ReportedVerdict {
  /**
   * `javascript`: received from another process, or made around a descriptor. Null: not known, as from
   * outside, or where a worker thread or the starter of the process may have opened it.
   */
  readonly holder: Holder
  readonly remote: Address
  readonly local: Address
  readonly state: string
  readonly kernel: ReportedWord
}

/** What is known of the outbound connections of a process: docs/schemas/report.json. Plain data. */
export interface Report {
  readonly schema: 2
  /** Of this package. */
  readonly version: string
  /** `loaded`, or why there is no native part; null where the process was looked at from outside. */
  readonly native: string | null
  /** Null where the process was looked at from outside. */
  readonly node: string | null
  readonly pid: number
  /** What runs, without most of its arguments; only where it was looked at from outside. */
  readonly command?: string
  /** Since the process was started; only where it was looked at from outside, null: not known. */
  readonly ageMs?: number | null
  /** ISO 8601. */
  readonly takenAt: string
  /** Null for a process in which the hook is not installed. */
  readonly settings: Config | null
  readonly kernel: {
    readonly sysctls: KeepaliveSysctls | null
    /** Why the sysctls are not known. */
    readonly why: string | null
    /** Lines of the socket table that could not be understood. */
    readonly skippedLines: number
  }
  /** Null where the hook is not installed. */
  readonly counters: {
    /** Connections since the hook was installed. */
    readonly opened: number
    readonly open: number
    /** Warnings about idle connections, connections of native code, and lost connections. */
    readonly idleWarnings: number
    readonly foreignWarnings: number
    readonly lost: number
  } | null
  /**
   * Destinations to which connections died again and again after an idle time that is less than the limit
   * in force; null where the hook is not installed. Nothing is changed by it.
   */
  readonly learned: readonly Learned[] | null
  readonly sockets: readonly ReportedSocket[]
  /** Null where the descriptors could not be read. */
  readonly foreign: readonly ReportedForeign[] | null
  readonly foreignWhy: string | null
}

/** The sysctls as a report has them. */
export function reportedSysctls(
  reading: Reading<KeepaliveSysctls>,
): Pick<Report['kernel'], 'sysctls' | 'why'> {
  return reading.known ? { sysctls: reading.value, why: null } : { sysctls: null, why: reading.why }
}

export function appliedOf(decision: Decision): Applied | null {
  if (decision.action === 'leave') return null
  const { delayMs, intervalMs, probes } = decision
  return { delayMs, intervalMs, probes }
}

export function reportedForeign({
  local,
  remote,
  state,
  word,
  options,
  judged,
  holder,
}: JudgedForeign): ReportedForeign {
  const kernel = reportedWord(word, options)
  return { holder, remote, local, state, kernel, ...reportedVerdict(judged) }
}

export function reportedVerdict({ verdict, reason }: Verdict): ReportedVerdict {
  return { verdict, reason }
}

export function reportedWord(word: KernelWord, options: SocketOptions | null): ReportedWord {
  const { armed, nextTimerMs, unansweredProbes, unackedBytes, lastAnswerMs, why } = word
  const shown = options && reportedOptions(options)
  return { armed, nextTimerMs, unansweredProbes, unackedBytes, lastAnswerMs, options: shown, why }
}

function reportedOptions(options: SocketOptions): ReportedWord['options'] {
  const { delayMs, intervalMs, probes, userTimeoutMs } = options
  return { delayMs, intervalMs, probes, userTimeoutMs }
}
