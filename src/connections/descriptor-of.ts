import type { Socket } from 'node:net'

interface Internals {
  _handle?: { fd?: number } | null
}

/** The descriptor of a socket of JavaScript, plain or TLS; -1 where it has none. */
export function descriptorOf(socket: Socket): number {
  return (socket as unknown as Internals)._handle?.fd ?? -1
}
