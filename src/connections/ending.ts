import type { Socket } from 'node:net'

/**
 * How a connection ended that had been idle. The kernel gave the first three; `hang-up` is the
 * peer's FIN; a timer of the program gave it up, or the program ended it for a reason of its own.
 */
export type End = 'reset' | 'timed-out' | 'broken-pipe' | 'hang-up' | 'given-up' | 'aborted'

export interface Ending {
  readonly end: End
  /** The code of the error, where there was one. */
  readonly code: string | null
}

/** What a socket shows of its end while it is destroyed. */
export interface Remains {
  /** What it is destroyed with. */
  readonly error: unknown
  /** Whether the peer had closed its side. */
  readonly peerEnded: boolean
  /** Whether something was waiting for an answer. */
  readonly waits: boolean
  /** Whether a timer of the program had gone off. */
  readonly timedOut: boolean
}

const OF_THE_KERNEL: Readonly<Record<string, End>> = {
  ECONNRESET: 'reset',
  ETIMEDOUT: 'timed-out',
  EPIPE: 'broken-pipe',
}

/**
 * How a socket ended; null where nothing was lost: closed by the peer or the program while nothing
 * waited. What the kernel said comes first, then the peer's FIN, which clients wrap into errors of
 * their own; only what is left is the program's doing. Pure.
 */
export function endingOf({ error, peerEnded, waits, timedOut }: Remains): Ending | null {
  const code = codeOf(error)
  const end = isOfTheKernel(error) && code !== null ? OF_THE_KERNEL[code] : undefined
  if (end !== undefined) return { end, code }
  if (!waits) return null
  if (peerEnded) return { end: 'hang-up', code }
  return { end: timedOut || isTimeout(error) ? 'given-up' : 'aborted', code }
}

interface ErrorLike {
  readonly code?: unknown
  readonly errno?: unknown
  readonly syscall?: unknown
  readonly name?: unknown
  readonly message?: unknown
  readonly cause?: unknown
}

/** Node's error for a failed read or write; the programs' own have no errno. */
function isOfTheKernel(error: unknown): boolean {
  const { errno, syscall } = (error ?? {}) as ErrorLike
  return typeof errno === 'number' && (syscall === 'read' || syscall === 'write')
}

/** A code as Node and its clients write them; nothing else of an error is kept. */
function codeOf(error: unknown): string | null {
  const { code } = (error ?? {}) as ErrorLike
  return typeof code === 'string' && /^[A-Z][A-Z\d_]{0,39}$/.test(code) ? code : null
}

/** Whether an error says that somebody did not want to wait any longer. */
export function isTimeout(error: unknown): boolean {
  const { code, name, message, cause } = (error ?? {}) as ErrorLike
  if (name === 'TimeoutError' || (cause as ErrorLike | null | undefined)?.name === 'TimeoutError') {
    return true
  }
  return [code, typeof message === 'string' ? message.slice(0, 200) : ''].some(
    (text) => typeof text === 'string' && /time(?:d[ _-]?)?[ _-]?out/i.test(text),
  )
}

/** Whether a timeout that was set on the socket has passed after so long without traffic. */
export function timeoutPassed({ timeout }: Socket, idleMs: number): boolean {
  return timeout !== undefined && timeout > 0 && idleMs >= timeout
}
