import { Socket } from 'node:net'
import type { Later } from '../process/later'
import { version } from '../process/version'
import type { Hook } from './hook'
import { type Guard, patch } from './patch'

/** The one hook of a process, shared by every copy of this package that is loaded into it. */
export interface Installation {
  readonly version: string
  /** The hook, or null where it could not be loaded. */
  hook(): Hook | null
  /** One user more; the returned function takes it back, and the last one unpatches. */
  acquire(): () => void
}

type HookClass = typeof import('./hook').Hook
type Config = import('../settings/config').Config

/** Descriptors may have run out, or a test have replaced the file system: for a while only. */
const RETRY_SECONDS = 1

const KEY = Symbol.for('nat-keepalive.1')
const shared = globalThis as Record<symbol, unknown>

/** The installation of this process, by whichever copy it was made. */
export function installed(): Installation | undefined {
  return shared[KEY] as Installation | undefined
}

/**
 * Patches the prototype, and loads the rest of the package at the first connect: a program that
 * never connects does not pay for it. Throws where the patch cannot be put on.
 */
export function createInstallation(
  config: () => Config,
  later: Later,
  startAfterMs: number | null,
  onError: (error: unknown) => void,
): Installation {
  let hook: Hook | undefined
  let users = 0
  let failedAt: number | null = null

  const load = (): Hook | null => {
    if (hook !== undefined) return hook
    const now = process.uptime()
    if (failedAt !== null && now < failedAt + RETRY_SECONDS) return null
    const first = failedAt === null
    try {
      const { Hook } = require('./hook') as { Hook: HookClass }
      hook = new Hook(config(), patched.setKeepAlive, later)
      // What connected in the meantime.
      if (!first) hook.adopt()
      return hook
    } catch (error) {
      failedAt = now
      if (first) onError(error)
      return null
    }
  }
  const guard: Guard = {
    connecting: (socket, args, wrapper) => load()?.connecting(socket, args, wrapper),
    revise: (socket, args) => load()?.revise(socket, args) ?? args,
  }
  const patched = patch(Socket.prototype, guard)

  const installation: Installation = {
    version,
    hook: load,
    acquire() {
      users++
      let released = false
      return () => {
        if (released) return
        released = true
        if (--users > 0) return
        patched.undo()
        hook?.stop()
        cancel?.()
        delete shared[KEY]
      }
    },
  }
  // Not at the first connect: a timer made there would be seen by the async hooks of the program. And
  // there may be connections of native code only.
  let cancel: (() => void) | undefined
  const startAfter = (delayMs: number) => {
    cancel = later(() => {
      const loaded = load()
      if (loaded === null) startAfter(delayMs)
      else loaded.start()
    }, delayMs)
  }
  if (startAfterMs !== null) startAfter(startAfterMs)
  Object.defineProperty(shared, KEY, { value: installation, configurable: true })
  return installation
}
