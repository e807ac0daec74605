import type { Socket } from 'node:net'
import { clock } from '../process/clock'
import { deathNoticedMs } from '../settings/schedule'
import { type ClientTimer, timerOfError } from './client-timer'
import { type Ending, endingOf, timeoutPassed } from './ending'
import type { Endpoint } from './endpoint'
import { type Entry, gapOf, type Internals } from './entry'
import { type IdleTime, idleBefore } from './idle-time'
import type { Opener } from './opener'
import type { Decision, Protection } from './policy'
import { type WaitingRequest, waitingAtEnd } from './waiting-request'

/** The end of a connection that had been idle: plain data, which holds nothing of the program's. */
export interface Ended extends Ending, IdleTime {
  readonly endpoint: Endpoint
  /** By the clock of the process, in milliseconds; and when something was written that nobody answered. */
  readonly endedAt: number
  readonly usedAt: number | null
  readonly opener: Opener
  readonly decision: Decision
  /** What was set on it, by us or by the program; a delay of null is that of the sysctls. */
  readonly keepalive: { readonly delayMs: number | null } | null
  readonly loopback: boolean
  /** Whether something waited for an answer. */
  readonly waits: boolean
  readonly request: WaitingRequest | null
  /** The timer of the client that gave it up; null where none did. */
  readonly timer: ClientTimer | null
}

/**
 * Where TLS was put around a tracked socket, its counters have the goodbye at the end, an alert of two
 * bytes: 24 bytes on the wire in TLS 1.3 (RFC 8446, 5.2), 31 with GCM and up to 85 with CBC in TLS 1.2
 * (RFC 5288, RFC 5246, 6.2.3). The peer's is told from an answer by the least, so that one with CBC is
 * taken for one; our own from a question by the most.
 */
const GOODBYE_OF_PEER = 31
const GOODBYE_OF_OURS = 85

/**
 * What an idle connection leaves behind when `socket` is destroyed with `error`: the tracked socket
 * itself, or the TLSSocket around it. `lookedAt`: when the last look at its counters began. Null where
 * it was not idle, or nothing was lost.
 */
export function endedOf(
  entry: Entry,
  tracked: Socket,
  socket: Socket,
  error: unknown,
  lookedAt: number,
): Ended | null {
  const { endpoint, decision, loopback, asked, read, written, activeAt, movedAfter } = entry
  const { bytesRead = tracked.bytesRead, bytesWritten = written } =
    (tracked as Internals)._handle ?? {}
  const peerEnded = socket.readableEnded
  const isWrapped = peerEnded && tracked !== socket
  if (bytesRead - read > (isWrapped ? GOODBYE_OF_PEER : 0)) return null
  const now = clock()
  const wrote = bytesWritten - written > (isWrapped ? GOODBYE_OF_OURS : 0)
  const max = now - movedAfter
  const { request, waits, timedOut } = waitingAtEnd(socket, entry.request)
  const unanswered = wrote ? gapOf(entry, lookedAt, now) : entry.gap
  // Where the client does not tell, a FIN soon after a write may be the answer to a goodbye (QUIT of
  // SMTP, Terminate of PostgreSQL): only the silence since then says that something waited.
  const isUntold = waits === null && peerEnded
  const gap = isUntold ? null : unanswered
  // A peer that has answered before owes an answer to what was written last.
  const waited = waits ?? (unanswered !== null && read > 0 && !(isUntold && wrote))
  const bySocket = timeoutPassed(socket, max)
  const ending = endingOf({
    error,
    peerEnded,
    waits: waited,
    timedOut: timedOut !== null || bySocket,
  })
  if (ending === null) return null
  const keepalive = decision.action === 'protect' ? decision : asked?.enable ? asked : null
  const min = (wrote ? lookedAt : now) - activeAt
  const silence = { min, max }
  const idle = idleBefore(ending.end, {
    now,
    ...silence,
    gap,
    momentMs: activeAt - movedAfter,
    mayProbe: keepalive !== null,
    probesEnded: keepalive !== null && isEndOfProbes(silence, keepalive),
  })
  return {
    ...ending,
    ...idle,
    endpoint,
    endedAt: now,
    usedAt: unanswered?.writtenAt ?? null,
    opener: entry.opener,
    decision,
    keepalive: keepalive && { delayMs: keepalive.delayMs },
    loopback,
    waits: waited,
    request,
    timer: ending.end === 'given-up' ? timerOf(socket, error, timedOut, bySocket) : null,
  }
}

/** What an error or a request says of its timer goes before a timeout of the socket that has passed too. */
function timerOf(
  socket: Socket,
  error: unknown,
  timedOut: ClientTimer['kind'] | null,
  bySocket: boolean,
): ClientTimer {
  const told = timedOut ?? timerOfError(error)
  if (told !== 'other' && told !== 'socket') return { kind: told, ms: null }
  return bySocket ? { kind: 'socket', ms: socket.timeout ?? null } : { kind: told, ms: null }
}

/** The timers of the kernel run late by up to an eighth (kernel/time/timer.c), and a look is late too. */
const LATE = 1.15

/**
 * Whether nothing had moved for as long as it takes the kernel to give a connection up whose probes
 * nobody answers. What it has sent itself and nobody acknowledged it sends again for much longer.
 */
function isEndOfProbes(
  { min, max }: { readonly min: number; readonly max: number },
  { delayMs, intervalMs, probes }: Pick<Protection, 'delayMs' | 'intervalMs' | 'probes'>,
): boolean {
  if (delayMs === null || intervalMs === null || probes === null) return false
  const endMs = deathNoticedMs({ delayMs, intervalMs, probes })
  return max >= endMs && min <= endMs * LATE + intervalMs
}
