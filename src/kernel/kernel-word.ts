import type { TcpSocket } from './tcp-line'
import type { TcpState } from './tcp-states'

/** What the kernel says of one connection; null where it cannot be known, and why. */
export interface KernelWord {
  /** Null where the connection was not found. */
  readonly state: TcpState | null
  /** Whether the keepalive timer runs. */
  readonly armed: boolean | null
  /** Until that timer fires, in milliseconds. */
  readonly nextTimerMs: number | null
  /** Probes since the peer last answered, one that is still under way included. */
  readonly unansweredProbes: number | null
  /** How often data was sent again since the peer last acknowledged some. */
  readonly retransmits: number | null
  /** Bytes that the peer has not acknowledged. */
  readonly unackedBytes: number | null
  /** Since the peer last acknowledged anything, which the answer to a probe does. */
  readonly lastAnswerMs: number | null
  /**
   * The idle time before a probe, at the least: what its timer has left, and the silence so far
   * (SocketRecord). Only a dump tells.
   */
  readonly leastDelayMs: number | null
  /** Why it is not known whether the timer runs. */
  readonly why: string | null
  /** Whether another look, a moment later, may tell more. */
  readonly passing: boolean
  /** Whether the kernel's table could be read at all. */
  readonly readable: boolean
}

/** What hides the keepalive timer passes quickly as a rule: so often, so far apart, one asks again. */
export const ASK_AGAIN = { times: 4, everyMs: 250 } as const

/** The states in which the kernel keeps a connection alive. */
const KEPT: readonly TcpState[] = ['established', 'fin-wait-2', 'close-wait']

/** The states on the way to or from those. */
const PASSING: readonly TcpState[] = ['syn-sent', 'syn-received', 'fin-wait-1']

/** What the table and a dump say of one connection. */
export type Seen = Pick<
  TcpSocket,
  'state' | 'timer' | 'whenMs' | 'retransmits' | 'probes' | 'txQueue'
> & { readonly lastAnswerMs?: number | null; readonly leastDelayMs?: number | null }

/** Reads the word from a line of the table; undefined: the connection is not in it. Pure. */
export function kernelWord(line: Seen | undefined): KernelWord {
  if (line === undefined) return unknown("the connection is not in the kernel's table")
  const { state, timer } = line
  if (!KEPT.includes(state)) {
    const why = `the connection is in the state ${state}`
    return { ...unknown(why, PASSING.includes(state)), state }
  }
  // A probe may be on its way, and a program that has seen the end of its peer is about to close.
  const passing = line.probes > 0 || state === 'close-wait'
  switch (timer) {
    case 'none':
      return wordOf(line, false, null, passing)
    case 'keepalive':
      return wordOf(line, true, null, passing)
    case 'retransmit':
      return wordOf(line, null, 'unacknowledged data hides its keepalive timer', true)
    case 'zero-window':
      return wordOf(line, null, 'a closed window of the peer hides its keepalive timer', true)
    case 'time-wait':
      return { ...unknown('the connection is closed'), state }
  }
}

/** One literal and no spread: thousands are made in one go. */
function wordOf(
  line: Seen,
  armed: boolean | null,
  why: string | null,
  passing: boolean,
): KernelWord {
  return {
    state: line.state,
    armed,
    nextTimerMs: armed === true ? line.whenMs : null,
    unansweredProbes: line.probes,
    retransmits: line.retransmits,
    unackedBytes: line.txQueue,
    lastAnswerMs: line.lastAnswerMs ?? null,
    leastDelayMs: line.leastDelayMs ?? null,
    why,
    passing,
    readable: true,
  }
}

/** The word on a connection of which nothing could be read. */
export function unknown(why: string, passing = false): KernelWord {
  return {
    state: null,
    armed: null,
    nextTimerMs: null,
    unansweredProbes: null,
    retransmits: null,
    unackedBytes: null,
    lastAnswerMs: null,
    leastDelayMs: null,
    why,
    passing,
    readable: true,
  }
}

/** The word where there is no table to be read. */
export function unreadable(why: string): KernelWord {
  return { ...unknown(why), readable: false }
}
