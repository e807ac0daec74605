import type { Socket } from 'node:net'
import type { NativePart } from './native'
import { SocketFacts } from './socket-facts'

interface Internals {
  _handle?: { readonly fd?: number } | null
}

/** The cookies of sockets of JavaScript. Each is asked of the kernel once in the life of a connection. */
export class Cookies {
  /** By the handle: a socket that connects again has another one. */
  readonly #known = new WeakMap<object, number>()
  readonly #facts = new SocketFacts()

  /** Undefined for a socket that has no descriptor, or one that the kernel has none for. */
  of(part: NativePart, socket: Socket): number | undefined {
    const handle = (socket as unknown as Internals)._handle
    if (!handle) return undefined
    const known = this.#known.get(handle)
    if (known !== undefined) return known
    const { fd = -1 } = handle
    if (fd < 0 || this.#facts.read(part, fd) < 0 || this.#facts.cookie === 0) return undefined
    const { cookie } = this.#facts
    this.#known.set(handle, cookie)
    return cookie
  }
}
