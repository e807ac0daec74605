import type { SocketOptions } from '../kernel/socket-options'
import type { Holder } from './holders'
import type { ForeignSocket } from './native-sockets'
import type { Verdict } from './verdict'

export interface JudgedForeign extends ForeignSocket {
  readonly judged: Verdict
  readonly holder: Holder
  /** As the kernel has them; null where it does not tell. */
  readonly options: SocketOptions | null
}

/** Connections to one destination that are at risk, and that JavaScript of this thread does not hold. */
export interface ForeignGroup {
  readonly remote: ForeignSocket['remote']
  readonly sockets: readonly JudgedForeign[]
}

/**
 * Which sockets that the hook does not know were looked at before. A look reads the kernel's table
 * only when there are descriptors it does not know; one that is at risk is told of at the second look,
 * because a library may set its options a moment after it connects.
 */
export class ForeignWatch {
  /** Of no interest any more: not TCP, inbound, safe, closed by the peer, or told of. */
  #settled: ReadonlySet<number> = new Set()
  #suspects: ReadonlySet<number> = new Set()

  /** How many are at risk and were seen once. */
  get suspects(): number {
    return this.#suspects.size
  }

  /** Whether any of these sockets has to be looked at. */
  hasNew(inodes: Iterable<number>): boolean {
    for (const inode of inodes) if (!this.#settled.has(inode)) return true
    return false
  }

  /** Takes what a look found among `inodes`, and returns what to tell of. */
  take(inodes: ReadonlySet<number>, sockets: readonly JudgedForeign[]): ForeignGroup[] {
    const open = new Map(sockets.map((socket) => [socket.inode, socket]))
    const settled = new Set<number>()
    const suspects = new Set<number>()
    const groups = new Map<string, { remote: ForeignSocket['remote']; sockets: JudgedForeign[] }>()
    for (const inode of inodes) {
      const socket = open.get(inode)
      if (this.#settled.has(inode) || !isOfInterest(socket)) settled.add(inode)
      else if (socket.judged.verdict !== 'at-risk') {
        if (this.#suspects.has(inode)) suspects.add(inode)
      } else if (!this.#suspects.has(inode)) suspects.add(inode)
      else {
        settled.add(inode)
        const key = `${socket.remote.address} ${socket.remote.port}`
        const group = groups.get(key)
        if (group === undefined) groups.set(key, { remote: socket.remote, sockets: [socket] })
        else group.sockets.push(socket)
      }
    }
    this.#settled = settled
    this.#suspects = suspects
    return [...groups.values()]
  }
}

/** A dying one is looked at again: what it lacks is not keepalive, but that may be seen later. */
function isOfInterest(socket: JudgedForeign | undefined): socket is JudgedForeign {
  if (socket === undefined || socket.holder === 'javascript') return false
  return socket.judged.verdict !== 'safe' && socket.judged.cause !== 'closed-by-peer'
}
