import type { Socket } from 'node:net'
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

export interface Patch<Told extends Guard = Guard> {
  /** Who is told from now on; null: nobody. */
  guard: Told | null
  readonly setKeepAlive: SetKeepAlive
  undo: () => void
}

/**
 * Wraps `connect`, `setKeepAlive` and `_destroy` of a Socket prototype. All outbound TCP of
 * JavaScript goes through this `connect` (tls, http, https, http2, fetch and drivers included), all
 * sockets that close go through this `_destroy` (documented for streams), and nothing else is patched:
 * traffic passes untouched. What the guard throws is told to `onFault`, and the call goes on to Node
 * as it came: each wrapper catches by itself, because at the end of the stack a helper may be the call
 * too many. Throws where the prototype does not take the patch.
 */
export function patch<Told extends Guard>(
  prototype: object,
  guard: Told,
  onFault: (error: unknown) => void = () => {},
): Patch<Told> {
  const undos: (() => void)[] = []
  const wrap = (name: string, make: Parameters<typeof wrapMethod>[2]) => {
    undos.unshift(wrapMethod(prototype, name, make))
  }
  const patched: { -readonly [Key in keyof Patch<Told>]: Patch<Told>[Key] } = {
    guard,
    setKeepAlive: undefined as never,
    undo() {
      patched.guard = null
      for (const restore of undos) restore()
    },
  }
  try {
    wrap(
      'connect',
      (original) =>
        function connect(this: unknown, ...args) {
          try {
            patched.guard?.connecting(this as Socket, args, connect)
          } catch (error) {
            try {
              onFault(error)
            } catch {}
          }
          return original.apply(this, args)
        },
    )
    wrap('setKeepAlive', (original) => {
      patched.setKeepAlive = original as SetKeepAlive
      return function (this: unknown, ...args) {
        let revised = args
        try {
          revised = patched.guard?.revise(this as Socket, args) ?? args
        } catch (error) {
          try {
            onFault(error)
          } catch {}
        }
        return original.apply(this, revised)
      }
    })
    wrap(
      '_destroy',
      (original) =>
        function (this: unknown, ...args) {
          try {
            patched.guard?.closing(this as Socket, args[0])
          } catch (error) {
            try {
              onFault(error)
            } catch {}
          }
          return original.apply(this, args)
        },
    )
  } catch (error) {
    patched.undo()
    throw error
  }
  return patched
}
