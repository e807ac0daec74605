import { channel } from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import { beforeLeavingRoot } from './leaving-root'
import { type Patch, type Guard as PatchGuard, patch } from './patch'

/** Whoever is told of what the program does with its sockets. */
export interface Guard extends PatchGuard {
  /** A request of undici's is made below `wrapper`: a message of `undici:request:create`. */
  requested(message: unknown, wrapper: unknown): void
  /** The process is about to give up being root, and with it perhaps the right to read our files. */
  leavingRoot(): void
}

/** Loads whom to tell with the first that there is to tell. What ends before that was known to nobody. */
export function lateGuard(load: () => Guard | null): Guard {
  return {
    connecting: (...call) => load()?.connecting(...call),
    revise: (socket, args) => load()?.revise(socket, args) ?? args,
    closing() {},
    requested: (...call) => load()?.requested(...call),
    leavingRoot: () => load()?.leavingRoot(),
  }
}

/** The ways from the program to us, as long as they are not undone. */
export type Interception = Patch<Guard>

// Held here, because some Nodes let go of a channel that nobody holds, and of its subscribers.
const create = channel('undici:request:create')

/**
 * Puts a guard on all of them. What it throws is told to `onFault`, and the program goes on. Throws
 * where the prototype of Socket does not take the patch.
 */
export function intercept(guard: Guard, onFault: (error: unknown) => void): Interception {
  const patched = patch(Socket.prototype, guard, onFault)
  const requested = (message: unknown): void => {
    try {
      patched.guard?.requested(message, requested)
    } catch (error) {
      try {
        onFault(error)
      } catch {}
    }
  }
  create.subscribe(requested)
  const stay = beforeLeavingRoot(() => {
    try {
      patched.guard?.leavingRoot()
    } catch (error) {
      try {
        onFault(error)
      } catch {}
    }
  })
  const { undo } = patched
  patched.undo = () => {
    undo()
    create.unsubscribe(requested)
    stay()
  }
  return patched
}
