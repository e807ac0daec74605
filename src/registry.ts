import type { Socket } from 'node:net'
import type { Endpoint } from './endpoint'
import { captureTrace, type Opener, readTrace, type Trace, UNKNOWN_OPENER } from './opener'
import type { Asked, Decision } from './policy'

/** What is known of one outbound socket. Times are milliseconds since the process started. */
export interface Entry {
  id: number
  readonly socket: WeakRef<Socket>
  endpoint: Endpoint
  openedAt: number
  /** What the program last asked for; null where it asked for nothing. */
  asked: Asked | null
  decision: Decision
  /** The stack, until somebody formats it. */
  opener: Trace | Opener | null
  bytes: number
  /** The end of the last span between two looks in which bytes moved. */
  activeAt: number
}

interface Internals {
  _handle?: { bytesRead?: number; bytesWritten?: number } | null
  _parent?: Socket | null
}

/** Which outbound sockets are open, since when, opened where, and when bytes last moved. */
export class Registry {
  readonly #bySocket = new WeakMap<Socket, Entry>()
  #entries: Entry[] = []
  #sweepAt = 1_024
  #lastId = 0

  /** `wrapper` is the function below which the opening place is looked for; undefined: not known. */
  add(
    socket: Socket,
    endpoint: Endpoint,
    asked: Asked | null,
    decision: Decision,
    wrapper: unknown,
  ): Entry {
    const now = clock()
    const known = this.#bySocket.get(socket)
    const entry: Entry = {
      id: ++this.#lastId,
      socket: known?.socket ?? new WeakRef(socket),
      endpoint,
      openedAt: now,
      asked,
      decision,
      opener: wrapper === undefined ? null : captureTrace(wrapper),
      bytes: 0,
      activeAt: now,
    }
    // A reconnect of the same socket is another connection in the same place.
    if (known !== undefined) return Object.assign(known, entry)
    this.#bySocket.set(socket, entry)
    this.#entries.push(entry)
    if (this.#entries.length >= this.#sweepAt) this.#sweep()
    return entry
  }

  /**
   * The entry of an outbound socket, also through the TLSSocket that a program put around one
   * (a CONNECT tunnel). Undefined for inbound and Unix sockets.
   */
  get(socket: Socket): Entry | undefined {
    let current: Socket | null | undefined = socket
    for (let depth = 0; current && depth < 4; depth++) {
      const entry = this.#bySocket.get(current)
      if (entry !== undefined) return entry
      current = (current as Internals)._parent
    }
    return undefined
  }

  /** Looks at the byte counters of every open socket; calls back with the connected ones. */
  observe(each: (entry: Entry, socket: Socket, idleMs: number) => void): void {
    const now = clock()
    this.#sweep()
    for (const entry of this.#entries) {
      const socket = entry.socket.deref()
      if (socket === undefined) continue
      if (socket.connecting) {
        entry.activeAt = now
        continue
      }
      const bytes = bytesOf(socket)
      if (bytes !== entry.bytes) {
        entry.bytes = bytes
        entry.activeAt = now
      }
      each(entry, socket, now - entry.activeAt)
    }
  }

  /** Open entries, connecting ones included. */
  get size(): number {
    return this.#entries.length
  }

  #sweep(): void {
    this.#entries = this.#entries.filter((entry) => {
      const socket = entry.socket.deref()
      if (socket === undefined) return false
      if (socket.destroyed) this.#bySocket.delete(socket)
      return !socket.destroyed
    })
    // Closed sockets between two sweeps are bounded by the open ones, at a constant cost per connect.
    this.#sweepAt = 2 * this.#entries.length + 1_024
  }
}

/** The opening place of an entry, formatted at the first call. */
export function openerOfEntry(entry: Entry): Opener {
  const { opener } = entry
  if (opener === null) return UNKNOWN_OPENER
  if ('package' in opener) return opener
  const read = readTrace(opener)
  entry.opener = read
  return read
}

function bytesOf(socket: Socket): number {
  // The handle counts what went over the wire also where JavaScript saw none of it (http2, TLS).
  const handle = (socket as Internals)._handle
  return (handle?.bytesRead ?? 0) + (handle?.bytesWritten ?? 0)
}

/** Whole milliseconds since the process started: monotonic, and a small integer for 24 days. */
function clock(): number {
  return Math.trunc(process.uptime() * 1_000)
}
