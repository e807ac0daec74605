import type { Socket } from 'node:net'
import { guarded } from '../process/guarded'
import { wrapMethod } from './wrap'

export type SetKeepAlive = (this: Socket, ...args: unknown[]) => Socket

/** What the three wrapped methods tell; the wrappers themselves decide nothing. */
export interface Guard {
  /** Before Node's own connect sees the arguments. */
  connecting(socket: Socket, args: unknown[], wrapper: unknown): void
  /** Returns the arguments that Node's own setKeepAlive gets. */
  revise(socket: Socket, args: unknown[]): unknown[]
  /** Before Node's own _destroy, which it calls once for each socket, and while its state is live. */
  closing(socket: Socket, error: unknown): void
}

/** Told of what one of them throws; the call goes on to Node as it came. */
export type OnFault = (error: unknown) => undefined

export interface Patch {
  readonly setKeepAlive: SetKeepAlive
  undo(): void
}

/**
 * Wraps `connect`, `setKeepAlive` and `_destroy` of a Socket prototype. All outbound TCP of
 * JavaScript goes through this `connect` (tls, http, https, http2, fetch and drivers included), all
 * sockets that close go through this `_destroy` (documented for streams), and nothing else is patched:
 * traffic passes untouched. Throws where the prototype does not take the patch.
 */
export function patch(prototype: object, guard: Guard, onFault?: OnFault): Patch {
  let active = true
  let setKeepAlive: SetKeepAlive | undefined
  const connecting = guarded(
    'connect',
    (socket: Socket, args: unknown[], wrapper: unknown): void =>
      guard.connecting(socket, args, wrapper),
    onFault,
  )
  const revise = guarded(
    'setKeepAlive',
    (socket: Socket, args: unknown[]): unknown[] | undefined => guard.revise(socket, args),
    onFault,
  )
  const closing = guarded(
    '_destroy',
    (socket: Socket, error: unknown): void => guard.closing(socket, error),
    onFault,
  )
  const undos: (() => void)[] = []
  const undo = () => {
    active = false
    for (const restore of undos) restore()
  }
  const wrap = (name: string, make: Parameters<typeof wrapMethod>[2]) => {
    undos.unshift(wrapMethod(prototype, name, make))
  }
  try {
    wrap(
      'connect',
      (original) =>
        function connect(this: unknown, ...args) {
          if (active) connecting(this as Socket, args, connect)
          return original.apply(this, args)
        },
    )
    wrap('setKeepAlive', (original) => {
      setKeepAlive = original as SetKeepAlive
      return function (this: unknown, ...args) {
        return original.apply(this, (active && revise(this as Socket, args)) || args)
      }
    })
    wrap(
      '_destroy',
      (original) =>
        function (this: unknown, ...args) {
          if (active) closing(this as Socket, args[0])
          return original.apply(this, args)
        },
    )
  } catch (error) {
    undo()
    throw error
  }
  return { setKeepAlive: setKeepAlive as unknown as SetKeepAlive, undo }
}
