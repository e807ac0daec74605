import { Socket } from 'node:net'
import { followLateConnects } from '../connections/late-connect'
import { guarded } from '../process/guarded'
import { every, type Later } from '../process/later'
import { version } from '../process/version'
import type { Hook } from './hook'
import { beforeLeavingRoot } from './leaving-root'
import { type Guard, patch } from './patch'

/** The one hook of a process, shared by every copy of this package that is loaded into it. */
export interface Installation {
  readonly version: string
  /** The hook, or null where it could not be loaded. */
  hook(): Hook | null
  /** One user more; the returned function takes it back, and the last one unpatches. */
  acquire(): () => void
}

/** What could not be loaded when it was needed: what protects sockets, or what looks at them. */
export type Part = 'hook' | 'watch'

type HookClass = typeof import('./hook').Hook
type Config = import('../settings/config').Config

/** Descriptors may have run out, or a test have replaced the file system: for a while only. */
const RETRY_SECONDS = 1

/**
 * What Node cannot put on a connection is put there so soon: some seconds after it was opened, so that
 * those which close before cost nothing, and before the first probe.
 */
const TOP_UP_MS = 5_000

/**
 * Parts of the time to the first look after which the byte counters are noted: what a program sends
 * after that is known to be unanswered, and a batch job sends its one question in its first seconds.
 */
const GLANCES = [1 / 16, 1 / 8, 1 / 4, 1 / 2]

const KEY = Symbol.for('nat-keepalive.1')

/** On what is patched, which test runners with a global object for each file have once too. */
const homes = [Socket.prototype, globalThis] as unknown as Record<symbol, unknown>[]

/** The installation of this process, by whichever copy it was made. */
export function installed(): Installation | undefined {
  return homes.map((home) => home[KEY]).find((one) => one !== undefined) as Installation | undefined
}

/**
 * Patches the prototype, and loads the rest of the package at the first connect: a program that
 * never connects does not pay for it. `onError` is called once for each part that cannot be loaded.
 * Throws where the patch cannot be put on.
 */
export function createInstallation(
  config: () => Config,
  later: Later,
  { auditMs, delayMs }: Pick<Config, 'auditMs' | 'delayMs'>,
  onError: (error: unknown, part: Part) => void,
): Installation {
  let hook: Hook | undefined
  let users = 0
  let failedAt: number | null = null

  const told = new Set<Part>()
  const tell = guarded('telling of a failure', (error: unknown, part: Part) => {
    if (told.has(part)) return
    told.add(part)
    onError(error, part)
  })

  const load = (): Hook | null => {
    if (hook !== undefined) return hook
    const now = process.uptime()
    if (failedAt !== null && now < failedAt + RETRY_SECONDS) return null
    try {
      const { Hook } = require('./hook') as { Hook: HookClass }
      hook = new Hook(config(), patched.setKeepAlive, later)
      // What connected in the meantime.
      if (failedAt !== null) hook.adopt()
      return hook
    } catch (error) {
      failedAt = now
      tell(error, 'hook')
      return null
    }
  }
  const guard: Guard = {
    connecting: (socket, args, wrapper) => load()?.connecting(socket, args, wrapper),
    revise: (socket, args) => load()?.revise(socket, args) ?? args,
    // What was opened before the hook was loaded is not known to it.
    closing: (socket, error) => hook?.closing(socket, error),
  }
  const patched = patch(Socket.prototype, guard, (error) => void tell(error, 'hook'))
  const stay = beforeLeavingRoot(
    guarded('before leaving root', () => {
      const { loadWatch } = require('./hook') as typeof import('./hook')
      loadWatch()
      require('./startup')
    }),
  )
  const unfollow = followLateConnects((endpoint, wrapper) => load()?.requesting(endpoint, wrapper))

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
        unfollow()
        stay()
        hook?.stop()
        for (const cancel of cancels) cancel()
        for (const home of homes) if (home[KEY] === installation) delete home[KEY]
      }
    },
  }
  // Not at the first connect: a timer made there would be seen by the async hooks of the program. And
  // there may be connections of native code only.
  let cancelStart: (() => void) | undefined
  const cancels = [() => cancelStart?.()]
  const startAfter = (delayMs: number) => {
    cancelStart = later(() => {
      if (!start()) startAfter(delayMs)
    }, delayMs)
  }
  const start = guarded(
    'the watch',
    () => {
      const loaded = load()
      loaded?.start()
      return loaded !== null
    },
    (error) => {
      tell(error, 'watch')
      return false
    },
  )
  const topUp = guarded('the top-up', () => hook?.topUp())
  const topUpMs = Math.min(TOP_UP_MS, delayMs)
  let cancelTopUp = later(() => {
    topUp()
    // By the timer before, and so in its context: not in that of a request that installs the hook.
    cancelTopUp = every(topUp, topUpMs)
  }, topUpMs)
  cancels.push(() => cancelTopUp())
  if (auditMs !== null) {
    startAfter(auditMs)
    const glance = guarded('a glance', () => hook?.glance())
    for (const part of GLANCES) cancels.push(later(glance, part * auditMs))
  }
  for (const home of homes) {
    Object.defineProperty(home, KEY, { value: installation, configurable: true })
  }
  return installation
}
