import { judge, SLACK, UNKNOWN_SCHEDULE, type Verdict } from '../judge/verdict'
import type { KernelWord } from '../kernel/kernel-word'
import type { SocketOptions } from '../kernel/socket-options'
import { formatDuration } from '../settings/duration'
import type { SocketTimes, TableLine } from './table-line'

/** From where the word on a connection comes, the best first. */
export type Source = 'descriptor' | 'sock_diag' | 'proc'

/** An outbound connection of a process, seen from outside, and judged. */
export interface OutsideSocket extends TableLine {
  /** Empty where the process that has it is not seen. */
  readonly fds: readonly number[]
  readonly source: Source
  /** Null where no descriptor could be duplicated. */
  readonly options: SocketOptions | null
  readonly judged: Verdict
}

/** What is known of a connection, before it is judged. */
export interface Seen {
  readonly word: KernelWord
  readonly options: SocketOptions | null
  readonly times: SocketTimes | null
}

/** Since data last moved in either direction; null where it is not known. */
export function idleMsOf(times: SocketTimes | null): number | null {
  return times === null ? null : Math.min(times.lastSentMs, times.lastReceivedMs)
}

/**
 * Judges a connection of another process: by its options where they are known, else by what the
 * timer and the silence say, else by the timer alone. `beyondMs` is the most by which the delay can
 * exceed the time left on the timer, as earlier looks tell. Pure.
 */
export function judgeSeen(seen: Seen, limitMs: number, beyondMs: number | null = null): Verdict {
  const { word, options } = seen
  const { keepalive, ...schedule } = options ?? { keepalive: null, ...UNKNOWN_SCHEDULE }
  const verdict = judge({ word, ageMs: beyondMs, schedule, limitMs })
  if (verdict.verdict !== 'unknown') return verdict
  if (keepalive !== null && word.armed === null && options !== null) {
    return byOptions(options, word, limitMs)
  }
  return answered(seen) ?? verdict
}

/** Where the timer cannot be seen, what was set is known all the same. */
function byOptions(options: SocketOptions, word: KernelWord, limitMs: number): Verdict {
  const limit = `the path forgets it after ${text(limitMs)}`
  if (!options.keepalive) {
    return { verdict: 'at-risk', reason: `Keepalive is off; ${limit}.` }
  }
  const { delayMs, intervalMs } = options
  if (Math.max(delayMs, intervalMs) >= limitMs) {
    const late =
      delayMs >= limitMs
        ? `The first probe comes after ${text(delayMs)} idle`
        : `Probes come ${text(intervalMs)} apart`
    return { verdict: 'at-risk', reason: `${late}, but ${limit}.` }
  }
  return {
    verdict: 'safe',
    reason: `The kernel probes after ${text(delayMs)} idle; now ${word.why}.`,
  }
}

/** An acknowledgement of data may come so much later than the data, retransmissions apart. */
const LATE_ACK_MS = 1_000

/**
 * Whether the peer has answered a probe. That is an acknowledgement which came while no data moved,
 * after a silence that is not shorter than what the timer was set for. It proves that the delay is
 * below the limit, or that the path has just survived a silence of its length.
 */
function answered({ word, times }: Seen): Verdict | null {
  const idleMs = idleMsOf(times)
  const sampleMs = word.leastDelayMs
  if (times === null || idleMs === null || sampleMs === null || word.unansweredProbes) return null
  const before = idleMs - times.lastAnswerMs
  if (before < LATE_ACK_MS || before * SLACK < sampleMs) return null
  return {
    verdict: 'safe',
    reason: `No data has moved for ${text(idleMs)}, and the peer answered a probe ${text(times.lastAnswerMs)} ago.`,
  }
}

/** In whole seconds, which are what a person compares. */
export function text(ms: number): string {
  return formatDuration(Math.round(ms / 1_000) * 1_000)
}
