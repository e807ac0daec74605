import type { End } from './ending'

/** An idle time that ended with a write, which may have gone into a dead path. Milliseconds. */
export interface Gap {
  readonly min: number
  readonly max: number
  /** When the write was seen. */
  readonly endedAt: number
  /** When the last one was seen that nobody has answered. */
  readonly writtenAt: number
}

/** Of two idle times with nothing received between them, the longer one. Pure. */
export function longer(gap: Gap | null, next: Gap): Gap {
  if (gap === null) return next
  return {
    min: Math.max(gap.min, next.min),
    max: Math.max(gap.max, next.max),
    endedAt: next.max > gap.max ? next.endedAt : gap.endedAt,
    writtenAt: next.writtenAt,
  }
}

/** How long nothing had moved on a connection when it ended, by the byte counters. Milliseconds. */
export interface Silence {
  readonly now: number
  /** Without any traffic up to the end, at the least and at the most. */
  readonly min: number
  readonly max: number
  /** The idle time before what was written last, if nobody has answered that. */
  readonly gap: Gap | null
  /** At the most, between the last bytes that were received and what was written with them. */
  readonly momentMs: number
  /** Whether keepalive may have been on. */
  readonly mayProbe: boolean
  /** Whether it was silent for as long as unanswered probes are sent. */
  readonly probesEnded: boolean
}

/** The idle time that an end is to be explained by. Milliseconds. */
export interface IdleTime {
  readonly minIdleMs: number
  readonly maxIdleMs: number
  /** Whether the end may be the answer to something that was sent after that time. */
  readonly sent: boolean
}

/** A reset answers the first packet, or what is sent again of it some seconds later. */
const ANSWERED_WITHIN_MS = 5_000

/** How long a connection had been idle before what ended it. Pure. */
export function idleBefore(end: End, silence: Silence): IdleTime {
  const { now, min, max, gap, momentMs, mayProbe, probesEnded } = silence
  // What was written before has been acknowledged.
  if (end === 'timed-out' && probesEnded) {
    return { minIdleMs: Math.max(0, min), maxIdleMs: max, sent: false }
  }
  if (end === 'timed-out' && !mayProbe) {
    // Without probes the kernel gives up data only, and while it sends that again nothing is idle.
    const before = gap ?? { min: 0, max: momentMs }
    return { minIdleMs: before.min, maxIdleMs: before.max, sent: true }
  }
  // What was written on for longer than that was alive.
  const isAnswer = end === 'reset' || end === 'broken-pipe' || end === 'hang-up'
  const isRecent = (at: number) => !isAnswer || now - at <= ANSWERED_WITHIN_MS
  const counts = gap !== null && isRecent(gap.endedAt)
  return {
    minIdleMs: Math.max(0, min, counts ? gap.min : 0),
    maxIdleMs: Math.max(max, counts ? gap.max : 0),
    sent: gap !== null && isRecent(gap.writtenAt),
  }
}
