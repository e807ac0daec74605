import type { Socket } from 'node:net'
import type { Endpoint } from './endpoint'
import { type Gap, longer } from './idle-time'
import type { Linked } from './linked-list'
import type { Opener } from './opener'
import type { Asked, Decision } from './policy'
import type { WaitingRequest } from './waiting-request'

/** What is known of one outbound socket. Times are milliseconds since the process started. */
export interface Entry extends Linked<Entry> {
  id: number
  /** After an uninstall and an install a socket has an entry of the one before. */
  readonly registry: object
  /** An entry outlives no socket, and holds none, even where its end is not seen. */
  readonly socket: WeakRef<Socket>
  endpoint: Endpoint
  /** Null where it was open before there was a hook. */
  openedAt: number | null
  /** What the program last asked for; null where it asked for nothing. */
  asked: Asked | null
  decision: Decision
  /** Whether something is to be put on it that Node cannot, as soon as it has been open for a while. */
  due: boolean
  /** Whether its timer was seen to exceed what was put on it: something else has set its times. */
  changedBehind: boolean
  opener: Opener
  read: number
  written: number
  /** The last span between two looks in which bytes moved: they moved after the one, before the other. */
  movedAfter: number
  activeAt: number
  /** The idle time before the program wrote what nobody has answered since; null: nothing such. */
  gap: Gap | null
  /** Whether the last look saw that nothing was received, so that its end matters. */
  idle: boolean
  /** Whether the other end is on this machine; known once it was idle. */
  loopback: boolean
  /** What waited on the socket at the last look. */
  request: WaitingRequest | null
  listed: boolean
}

/** What Node keeps on a socket that is looked at here. */
export interface Internals {
  _handle?: {
    bytesRead?: number
    bytesWritten?: number
  } | null
  _parent?: Socket | null
}

/**
 * The idle time before a write that is seen now: what was written into a dead path is the last that
 * moves, and does not end it.
 */
export function gapOf({ gap, activeAt, movedAfter }: Entry, lookedAt: number, now: number): Gap {
  return longer(gap, {
    min: lookedAt - activeAt,
    max: now - movedAfter,
    endedAt: now,
    writtenAt: now,
  })
}
