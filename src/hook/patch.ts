import type { Socket } from 'node:net'
import { wrapMethod } from './wrap'

export type SetKeepAlive = (this: Socket, ...args: unknown[]) => Socket

/** What the two wrapped methods tell; the wrappers themselves decide nothing. */
export interface Guard {
  /** Before Node's own connect sees the arguments. */
  connecting(socket: Socket, args: unknown[], wrapper: unknown): void
  /** Returns the arguments that Node's own setKeepAlive gets. */
  revise(socket: Socket, args: unknown[]): unknown[]
}

export interface Patch {
  readonly setKeepAlive: SetKeepAlive
  undo(): void
}

/**
 * Wraps `connect` and `setKeepAlive` of a Socket prototype. All outbound TCP of JavaScript goes
 * through this `connect` (tls, http, https, http2, fetch and drivers included), and nothing else is
 * patched: traffic passes untouched. Throws where the prototype does not take the patch.
 */
export function patch(prototype: object, guard: Guard): Patch {
  let active = true
  let setKeepAlive: SetKeepAlive | undefined
  const undoConnect = wrapMethod(
    prototype,
    'connect',
    (original) =>
      function connect(this: unknown, ...args) {
        if (active) guard.connecting(this as Socket, args, connect)
        return original.apply(this, args)
      },
  )
  try {
    const undoSetKeepAlive = wrapMethod(prototype, 'setKeepAlive', (original) => {
      setKeepAlive = original as SetKeepAlive
      return function (this: unknown, ...args) {
        return original.apply(this, active ? guard.revise(this as Socket, args) : args)
      }
    })
    return {
      setKeepAlive: setKeepAlive as unknown as SetKeepAlive,
      undo() {
        active = false
        undoSetKeepAlive()
        undoConnect()
      },
    }
  } catch (error) {
    active = false
    undoConnect()
    throw error
  }
}
