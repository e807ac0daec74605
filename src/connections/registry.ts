import type { Socket } from 'node:net'
import { clock } from '../process/clock'
import { Attachment } from './attachment'
import { type Ended, endedOf } from './ended'
import { type Endpoint, isLoopback } from './endpoint'
import { type Entry, gapOf, type Internals } from './entry'
import { LinkedList } from './linked-list'
import { UNKNOWN_OPENER } from './opener'
import { OpenerSampler } from './opener-sampler'
import { peerOf } from './peer'
import { type PeerClose, peerCloseOf } from './peer-close'
import type { Asked, Decision } from './policy'
import { waitingRequest } from './waiting-request'

export type { Entry } from './entry'

/** Called back by a look at the registry with a connected socket, and for how long nothing has moved on it. */
export type Observer = (entry: Entry, socket: Socket, idleMs: number) => void

/** How many sockets a look sees between two points at which it may be cut. */
const STEP = 64

/** How many closings without a loss are put down from one look to the next. */
const MOST_CLOSED = 1_000

/** Which outbound sockets are open, since when, opened where, and when bytes last moved. */
export class Registry {
  readonly #entries = new LinkedList<Entry>()
  #ended: Ended[] = []
  #closed: PeerClose[] = []
  readonly #openers = new OpenerSampler()
  #lastId = 0
  /** When the last look began. */
  #lookedAt = 0
  /** Counts the looks that have begun. */
  #look = 0

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
    if (known?.listed) this.#unlist(known)
    const fresh: Entry = {
      id: ++this.#lastId,
      registry: this,
      socket: known?.socket ?? new WeakRef(socket),
      endpoint,
      openedAt: now,
      asked,
      decision,
      due: false,
      changedBehind: false,
      opener:
        wrapper === undefined ? UNKNOWN_OPENER : this.#openers.capture(endpoint, now, wrapper),
      read: 0,
      written: 0,
      movedAfter: now,
      activeAt: now,
      gap: null,
      idle: false,
      loopback: false,
      request: null,
      listed: true,
      before: null,
      after: null,
    }
    // A reconnect of the same socket is another connection in the same place.
    const entry = known === undefined ? fresh : Object.assign(known, fresh)
    if (known === undefined) Attachment.set(socket, entry)
    this.#entries.append(entry)
    return entry
  }

  /** The entries of this moment, of which some may leave while they are gone through. */
  listed(): readonly Entry[] {
    return this.#entries.toArray()
  }

  /** A request is made below `wrapper`, whose connection is opened in a later tick. */
  expect(endpoint: Endpoint, wrapper: unknown): void {
    this.#openers.expect(endpoint, clock(), wrapper)
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
    const tracked = this.#below(socket)
    return tracked && this.known(tracked)
  }

  /** The socket that has the entry: the one itself, or the one below a TLSSocket. */
  #below(socket: Socket): Socket | undefined {
    let current: Socket | null | undefined = socket
    for (let depth = 0; current && depth < 4; depth++) {
      if (this.known(current) !== undefined) return current
      current = (current as Internals)._parent
    }
    return undefined
  }

  /**
   * Looks at the byte counters of every open socket. In steps, between which the program may run, and
   * open and close connections. A look that begins meanwhile ends this one, and sees them all.
   */
  *look(observer: Observer): Generator<void, void> {
    const startedAt = clock()
    const look = ++this.#look
    let steps = 0
    for (const entry of this.#entries.toArray()) {
      if (++steps % STEP === 0) {
        yield
        if (this.#look !== look) return
      }
      if (entry.listed) this.#lookAt(entry, observer)
    }
    this.#lookedAt = startedAt
  }

  #lookAt(entry: Entry, observer: Observer): void {
    const now = clock()
    const socket = entry.socket.deref()
    // Its end was not seen: it has a way of its own to close.
    if (socket === undefined || socket.destroyed) {
      this.#unlist(entry)
      return
    }
    const handle = (socket as Internals)._handle
    if (!handle || socket.connecting) {
      entry.movedAfter = now
      entry.activeAt = now
      return
    }
    // The handle counts what went over the wire also where JavaScript saw none of it (http2, TLS).
    const { bytesRead = 0, bytesWritten = 0 } = handle
    if (bytesRead !== entry.read) {
      entry.read = bytesRead
      entry.written = bytesWritten
      entry.gap = null
      entry.idle = false
      entry.request = null
      this.#moved(entry, now)
    } else {
      if (bytesWritten !== entry.written) {
        entry.written = bytesWritten
        entry.gap = gapOf(entry, this.#lookedAt, now)
        this.#moved(entry, now)
      }
      if (!entry.idle) {
        entry.idle = true
        entry.loopback = isLoopback(peerOf(handle)?.address)
      }
      entry.request = waitingRequest(socket)
    }
    observer(entry, socket, now - entry.activeAt)
  }

  /**
   * A socket is being destroyed: the tracked one, or the TLSSocket around it, which then is the first
   * to know why. What an idle connection leaves behind is put down at once, and nothing else is kept.
   */
  closing(socket: Socket, error: unknown): void {
    const tracked = this.#below(socket)
    const entry = tracked && this.known(tracked)
    if (entry === undefined || !entry.listed) return
    if (tracked === socket) this.#unlist(entry)
    if (!entry.idle) return
    entry.idle = false
    const ended = endedOf(entry, tracked as Socket, socket, error, this.#lookedAt)
    if (ended !== null) this.#ended.push(ended)
    else if (this.#closed.length < MOST_CLOSED) {
      const closed = peerCloseOf(entry, tracked as Socket, socket)
      if (closed !== null) this.#closed.push(closed)
    }
  }

  /** The connections that ended since the last call, in so far as they had been idle at a look before. */
  takeEnded(): readonly Ended[] {
    const ended = this.#ended
    this.#ended = []
    return ended
  }

  /** Those that the peer closed since the last call while nothing waited on them. */
  takeClosed(): readonly PeerClose[] {
    const closed = this.#closed
    this.#closed = []
    return closed
  }

  /** The open sockets with their entries, connecting ones included. */
  *open(): Generator<[Entry, Socket]> {
    for (const entry of this.#entries.toArray()) {
      const socket = entry.socket.deref()
      if (socket !== undefined && !socket.destroyed) yield [entry, socket]
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
    return this.#entries.size
  }

  #moved(entry: Entry, now: number): void {
    entry.movedAfter = Math.max(this.#lookedAt, entry.openedAt ?? 0)
    entry.activeAt = now
  }

  #unlist(entry: Entry): void {
    entry.listed = false
    this.#entries.remove(entry)
  }
}
