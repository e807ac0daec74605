import type { TcpSocket, TcpState } from './tcp-table'

/** What the kernel says of keepalive on one connection; null where it cannot be known, and why. */
export interface KernelWord {
  /** Whether the keepalive timer runs. */
  readonly armed: boolean | null
  /** Until that timer fires, in milliseconds. */
  readonly nextTimerMs: number | null
  readonly why: string | null
  /** Whether another look, a moment later, may tell. */
  readonly passing: boolean
}

/** The states in which the kernel keeps a connection alive. */
const KEPT: readonly TcpState[] = ['established', 'fin-wait-2', 'close-wait']

/** The states on the way to or from those. */
const PASSING: readonly TcpState[] = ['syn-sent', 'syn-received', 'fin-wait-1']

/** Reads the keepalive state from a line of the table; undefined: the connection is not in it. Pure. */
export function kernelWord(
  line: Pick<TcpSocket, 'state' | 'timer' | 'whenMs'> | undefined,
): KernelWord {
  if (line === undefined) return unknown("the connection is not in the kernel's table")
  const { state, timer, whenMs } = line
  if (!KEPT.includes(state)) {
    return unknown(`the connection is in the state ${state}`, PASSING.includes(state))
  }
  switch (timer) {
    case 'none':
      return { armed: false, nextTimerMs: null, why: null, passing: false }
    case 'keepalive':
      return { armed: true, nextTimerMs: whenMs, why: null, passing: false }
    case 'retransmit':
      return unknown('unacknowledged data hides its keepalive timer', true)
    case 'zero-window':
      return unknown('a closed window of the peer hides its keepalive timer', true)
    case 'time-wait':
      return unknown('the connection is closed')
  }
}

/** The word on a connection of which nothing could be read. */
export function unknown(why: string, passing = false): KernelWord {
  return { armed: null, nextTimerMs: null, why, passing }
}
