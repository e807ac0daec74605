import type { Socket } from 'node:net'
import { clock } from '../process/clock'
import { Attachment } from './attachment'
import { type Endpoint, isLoopback } from './endpoint'
import { type Opener, UNKNOWN_OPENER } from './opener'
import { OpenerSampler, type Origin } from './opener-sampler'
import type { Asked, Decision } from './policy'
import { type WaitingRequest, waitingRequest } from './waiting-request'

/** What is known of one outbound socket. Times are milliseconds since the process started. */
export interface Entry {
  id: number
  /** After an uninstall and an install a socket has an entry of the one before. */
  readonly registry: Registry
  readonly socket: WeakRef<Socket>
  /** Holds the socket while it is idle, so that its end is not missed. */
  held: Socket | null
  endpoint: Endpoint
  /** Null where it was open before there was a hook. */
  openedAt: number | null
  /** What the program last asked for; null where it asked for nothing. */
  asked: Asked | null
  decision: Decision
  /** The stack, until it is read. */
  opener: Origin | Opener | null
  read: number
  written: number
  /** The last span between two looks in which bytes moved: they moved after the one, before the other. */
  movedAfter: number
  activeAt: number
  /** The idle time before the program wrote what nobody has answered since; null: nothing such. */
  gap: Gap | null
  /** Whether the other end is on this machine; known once it was idle. */
  loopback: boolean
  /** What waited on the socket at the last look. */
  request: WaitingRequest | null
  listed: boolean
}

/** An idle time that ended with a write, which may have gone into a dead path. Milliseconds. */
interface Gap {
  readonly min: number
  readonly max: number
  /** When the write was seen. */
  readonly endedAt: number
}

/** Called back by a look at the registry. */
export interface Observer {
  /** A connected socket, and for how long nothing has moved on it. */
  open(entry: Entry, socket: Socket, idleMs: number): void
  /**
   * A socket that was idle at the last look is closed, and received nothing more. It was idle for
   * between `minIdleMs` and `maxIdleMs`.
   */
  ended(entry: Entry, socket: Socket, minIdleMs: number, maxIdleMs: number): void
}

interface Internals {
  _handle?: {
    bytesRead?: number
    bytesWritten?: number
    getpeername?(out: { address?: string }): number
  } | null
  _parent?: Socket | null
}

/** How many sockets a look sees between two points at which it may be cut. */
const STEP = 64

/** A reset answers the first packet, or what is sent again of it some seconds later. */
const RESET_WITHIN_MS = 5_000

/** Which outbound sockets are open, since when, opened where, and when bytes last moved. */
export class Registry {
  #entries: Entry[] = []
  /** What a look that has begun was to see. */
  #looking: Entry[] = []
  #unread: Entry[] = []
  readonly #openers = new OpenerSampler()
  #sweepAt = 1_024
  #lastId = 0
  /** When the last look began. */
  #lookedAt = 0

  /** `wrapper` is the function below which the opening place is looked for; undefined: not known. */
  add(
    socket: Socket,
    endpoint: Endpoint,
    asked: Asked | null,
    decision: Decision,
    wrapper: unknown,
  ): Entry {
    const now = clock()
    const known = this.known(socket)
    const fresh: Entry = {
      id: ++this.#lastId,
      registry: this,
      socket: known?.socket ?? new WeakRef(socket),
      held: null,
      endpoint,
      openedAt: now,
      asked,
      decision,
      opener: wrapper === undefined ? null : this.#openers.capture(endpoint, now, wrapper),
      read: 0,
      written: 0,
      movedAfter: now,
      activeAt: now,
      gap: null,
      loopback: false,
      request: null,
      listed: true,
    }
    const listed = known?.listed ?? false
    // A reconnect of the same socket is another connection in the same place.
    const entry = known === undefined ? fresh : Object.assign(known, fresh)
    if (known === undefined) Attachment.set(socket, entry)
    if (!listed) this.#entries.push(entry)
    if (entry.opener !== null) this.#unread.push(entry)
    if (this.#entries.length >= this.#sweepAt) this.#sweep()
    return entry
  }

  /** The entry of a socket itself, from an earlier connection too. */
  known(socket: Socket): Entry | undefined {
    const entry = Attachment.get(socket) as Entry | undefined
    return entry?.registry === this ? entry : undefined
  }

  /**
   * The entry of an outbound socket, also through the TLSSocket that a program put around one
   * (a CONNECT tunnel). Undefined for inbound and Unix sockets.
   */
  get(socket: Socket): Entry | undefined {
    let current: Socket | null | undefined = socket
    for (let depth = 0; current && depth < 4; depth++) {
      const entry = this.known(current)
      if (entry !== undefined) return entry
      current = (current as Internals)._parent
    }
    return undefined
  }

  /**
   * Looks at the byte counters of every open socket, and at those that have ended. In steps, between
   * which the program may run, and open and close connections. A look that begins meanwhile ends
   * this one, and sees them all.
   */
  *look(observer: Observer): Generator<void, void> {
    const startedAt = clock()
    const seen = this.#looking.concat(this.#entries)
    this.#looking = seen
    this.#entries = []
    const kept: Entry[] = []
    let steps = 0
    for (const entry of seen) {
      if (++steps % STEP === 0) {
        yield
        if (this.#looking !== seen) return
      }
      if (this.#lookAt(entry, observer)) kept.push(entry)
    }
    this.#entries = kept.concat(this.#entries)
    this.#looking = []
    this.#sweepAt = 2 * this.#entries.length + 1_024
    this.#lookedAt = startedAt
  }

  /** Says whether the connection is open. */
  #lookAt(entry: Entry, observer: Observer): boolean {
    const now = clock()
    const socket = entry.held ?? entry.socket.deref()
    if (socket === undefined || socket.destroyed) {
      entry.listed = false
      if (entry.held !== null) this.#end(entry, entry.held, now, observer)
      return false
    }
    const handle = (socket as Internals)._handle
    if (!handle || socket.connecting) {
      entry.movedAfter = now
      entry.activeAt = now
      return true
    }
    // The handle counts what went over the wire also where JavaScript saw none of it (http2, TLS).
    const { bytesRead = 0, bytesWritten = 0 } = handle
    if (bytesRead !== entry.read) {
      entry.read = bytesRead
      entry.written = bytesWritten
      entry.gap = null
      entry.held = null
      entry.request = null
      this.#moved(entry, now)
    } else {
      if (bytesWritten !== entry.written) {
        entry.written = bytesWritten
        // What was written into a dead path is the last that moves, and does not end its idle time.
        entry.gap = longer(entry.gap, {
          min: this.#lookedAt - entry.activeAt,
          max: now - entry.movedAfter,
          endedAt: now,
        })
        this.#moved(entry, now)
      }
      if (entry.held === null) {
        entry.held = socket
        entry.loopback = isLoopback(peerOf(handle))
      }
      entry.request = waitingRequest(socket)
    }
    observer.open(entry, socket, now - entry.activeAt)
    return true
  }

  /** Formats stacks that were captured since, for `budgetMs` at the most. Says whether all are. */
  readTraces(budgetMs: number): boolean {
    const until = clock() + budgetMs
    for (let entry = this.#unread.pop(); entry !== undefined; entry = this.#unread.pop()) {
      if (!entry.listed) continue
      openerOfEntry(entry)
      if (clock() > until) break
    }
    this.#openers.clear()
    return this.#unread.length === 0
  }

  /** The open sockets with their entries, connecting ones included. */
  *open(): Generator<[Entry, Socket]> {
    for (const entries of [this.#looking, this.#entries]) {
      for (const entry of entries) {
        const socket = entry.held ?? entry.socket.deref()
        if (socket !== undefined && !socket.destroyed) yield [entry, socket]
      }
    }
  }

  /** Milliseconds since bytes were seen to move, 0 where some moved since the last look. */
  idleMs(entry: Entry, socket: Socket): number {
    const { bytesRead = 0, bytesWritten = 0 } = (socket as Internals)._handle ?? {}
    const moved = bytesRead !== entry.read || bytesWritten !== entry.written
    return moved ? 0 : clock() - entry.activeAt
  }

  /** How many sockets were ever added. */
  get added(): number {
    return this.#lastId
  }

  /** Open entries, connecting ones included. */
  get size(): number {
    return this.#entries.length
  }

  #end(entry: Entry, socket: Socket, now: number, observer: Observer): void {
    entry.held = null
    if (socket.bytesRead !== entry.read) return
    entry.request ??= waitingRequest(socket)
    // A middlebox that resets does so at the first packet: what was written on after it was alive.
    const code = (socket.errored as { code?: unknown } | null)?.code
    const byReset = code === 'ECONNRESET' || code === 'EPIPE'
    const { gap } = entry
    const counts = gap !== null && !(byReset && now - gap.endedAt > RESET_WITHIN_MS)
    const { min, max } = counts ? gap : NO_GAP
    const minIdleMs = Math.max(0, this.#lookedAt - entry.activeAt, min)
    observer.ended(entry, socket, minIdleMs, Math.max(now - entry.movedAfter, max))
  }

  #moved(entry: Entry, now: number): void {
    entry.movedAfter = Math.max(this.#lookedAt, entry.openedAt ?? 0)
    entry.activeAt = now
  }

  /** Closed sockets between two looks are bounded by the open ones, at a constant cost per connect. */
  #sweep(): void {
    const open = (entry: Entry) => {
      if (entry.held !== null) return true
      const socket = entry.socket.deref()
      entry.listed = socket !== undefined && !socket.destroyed
      return entry.listed
    }
    this.#entries = this.#entries.filter(open)
    this.#unread = this.#unread.filter((entry) => entry.listed)
    this.#sweepAt = 2 * this.#entries.length + 1_024
  }
}

const NO_GAP = { min: 0, max: 0 }

function longer(gap: Gap | null, next: Gap): Gap {
  if (gap === null) return next
  return {
    min: Math.max(gap.min, next.min),
    max: Math.max(gap.max, next.max),
    endedAt: next.max > gap.max ? next.endedAt : gap.endedAt,
  }
}

/** The address of the other end, past the socket, which would keep an object of it. */
function peerOf(handle: NonNullable<Internals['_handle']>): string | undefined {
  const out: { address?: string } = {}
  handle.getpeername?.(out)
  return out.address
}

/** The opening place of an entry, formatted at the first call. */
export function openerOfEntry(entry: Entry): Opener {
  const { opener } = entry
  if (opener === null) return UNKNOWN_OPENER
  if ('package' in opener) return opener
  const read = opener.opener()
  entry.opener = read
  return read
}
