import { guarded, showFault } from '../process/guarded'
import { every, type Later } from '../process/later'
import { retried } from '../process/retried'
import { type Event, timeline } from '../process/timeline'
import { version } from '../process/version'
import type { Hook } from './hook'
import { announce, type Installation } from './installed'
import { type Interception, intercept, lateGuard } from './intercept'
import type { Part } from './part'

type HookClass = typeof import('./hook').Hook
type Config = import('../settings/config').Config

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

export interface InstallationOptions {
  readonly config: () => Config
  readonly later: Later
  /** Called each time that a part cannot be loaded. */
  readonly onError: (error: unknown, part: Part) => void
  /** What the preload has put on already. */
  readonly interception?: Interception
  /** Whether sockets may have connected that were not told of. */
  readonly late?: boolean
}

export interface Begun extends Installation {
  /**
   * Begins to look at the connections: not at the first connect, because a timer made there would be
   * seen by the async hooks of the program, and because there may be connections of native code only.
   */
  begin(times: Pick<Config, 'auditMs' | 'delayMs'>): void
}

/**
 * Takes over from the preload, or patches the prototype itself, and loads the rest of the package at
 * the first connect: a program that never connects does not pay for it. Throws where the patch cannot
 * be put on.
 */
export function createInstallation({
  config,
  later,
  onError,
  interception,
  late = false,
}: InstallationOptions): Begun {
  let hook: Hook | undefined
  let users = 0

  const tell = guarded('telling of a failure', onError)

  const load = retried(
    (again) => {
      const { Hook } = require('./hook') as { Hook: HookClass }
      hook = new Hook(config(), intercepted.setKeepAlive, later)
      // What is undone stays so.
      if (intercepted.guard !== null) intercepted.guard = hook
      // What connected in the meantime.
      if (late || again) hook.adopt()
      return hook
    },
    (error) => void tell(error, 'hook'),
  )
  const guard = lateGuard(load)
  const intercepted = interception ?? intercept(guard, (error) => showFault('the hook', error))
  intercepted.guard = guard

  let cancelStart = () => {}
  const cancels = [() => cancelStart()]
  const installation: Begun = {
    version,
    hook: load,
    acquire() {
      users++
      let released = false
      return () => {
        if (released) return
        released = true
        if (--users > 0) return
        intercepted.undo()
        hook?.stop()
        for (const cancel of cancels) cancel()
        withdraw()
      }
    },
    begin({ auditMs, delayMs }) {
      const topUp = guarded('the top-up', () => hook?.upkeep.topUp.run())
      const topUpMs = Math.min(TOP_UP_MS, delayMs)
      const events: Event[] = [
        [
          topUpMs,
          () => {
            topUp()
            // By the timer before, and so in its context: not in that of a request that installs the hook.
            cancels.push(every(topUp, topUpMs))
          },
        ],
      ]
      if (auditMs !== null) {
        const glance = guarded('a glance', () => hook?.upkeep.glance())
        for (const part of GLANCES) events.push([part * auditMs, glance])
        events.push([auditMs, () => startOr(auditMs)])
      }
      cancels.push(timeline(later, events))
    },
  }
  const withdraw = announce(installation)

  const startOr = (againMs: number): void => {
    if (!start()) cancelStart = later(() => startOr(againMs), againMs)
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
  return installation
}
