import type { Socket } from 'node:net'
import { type Peer, peerOf } from '../connections/peer'

interface Internals {
  _handle?: object | null
  _unrefTimer?: Method
}

type Method = (this: Socket) => unknown

/** The methods of every hook of this process: one that comes later may take the place of another's. */
const ours = new WeakSet<Method>()

/**
 * Calls back when a socket is connected, before Node reads whether to switch keepalive on, without a
 * listener, which the program would see. When a connection is made Node calls the socket's
 * `_unrefTimer`, then reads the socket's keepalive values, then emits 'connect' (afterConnect in
 * lib/net.js, Node 18.0 to 26.10). So the socket gets such a method of its own until then.
 *
 * An accessor in place of one of those values would leave no trace, but V8 turns an object in which
 * a value becomes an accessor into a dictionary for good: 1.3 KB, and 5% of what a request costs.
 */
export class WhenConnected {
  readonly #method: PropertyDescriptor

  /** `connected` is called once for each connection, and must not throw. */
  constructor(connected: (socket: Socket, peer: Peer) => void) {
    const method: Method = function () {
      const { _unrefTimer: original } = Object.getPrototypeOf(this) as Internals
      const holder = this as Internals
      // Node calls it before there is an address too.
      const peer = peerOf(holder._handle)
      if (peer !== undefined) {
        // To delete it would make a dictionary too. It is not enumerable, and what it was before.
        if (original !== undefined) holder._unrefTimer = original
        connected(this, peer)
      }
      return original?.call(this)
    }
    ours.add(method)
    this.#method = { value: method, writable: true, configurable: true, enumerable: false }
  }

  /** Says whether the socket will be told of: not where the program has put a method there itself. */
  await(socket: Socket): boolean {
    const { _unrefTimer: present } = socket as Internals
    const inherited = (Object.getPrototypeOf(socket) as Internals)._unrefTimer
    if (present === undefined || (present !== inherited && !ours.has(present))) return false
    Object.defineProperty(socket, '_unrefTimer', this.#method)
    return true
  }

  /** Whether the socket is still to be told of. */
  awaits(socket: Socket): boolean {
    return (socket as Internals)._unrefTimer === this.#method.value
  }
}
