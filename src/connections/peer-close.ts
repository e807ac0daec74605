import type { Socket } from 'node:net'
import { clock } from '../process/clock'
import type { Endpoint } from './endpoint'
import type { Entry, Internals } from './entry'

/** An idle connection that the peer closed while nothing waited on it: nothing is lost by that. */
export interface PeerClose {
  readonly endpoint: Endpoint
  readonly loopback: boolean
  /** Idle for so long before, at the least and at the most, in milliseconds. */
  readonly minIdleMs: number
  readonly maxIdleMs: number
  /** By the clock of the process, in milliseconds. */
  readonly endedAt: number
}

/** The goodbyes of TLS at the end, at the most (see ended.ts); what has answered is longer, mostly. */
const GOODBYES = 85

/** What is put down of it; null where the program closed it. For an entry that was idle at the last look. */
export function peerCloseOf(entry: Entry, tracked: Socket, socket: Socket): PeerClose | null {
  if (!socket.readableEnded) return null
  const { bytesRead = tracked.bytesRead, bytesWritten = entry.written } =
    (tracked as Internals)._handle ?? {}
  if (bytesRead - entry.read > GOODBYES || bytesWritten - entry.written > GOODBYES) return null
  const { endpoint, loopback, activeAt, movedAfter } = entry
  const endedAt = clock()
  return {
    endpoint,
    loopback,
    minIdleMs: endedAt - activeAt,
    maxIdleMs: endedAt - movedAfter,
    endedAt,
  }
}
