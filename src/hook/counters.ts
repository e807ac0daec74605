import { idleWarnOf } from '../settings/derive'
import type { Hook } from './hook'

/** What is counted in a process, without asking the kernel. */
export interface Counters {
  /** Outbound connections since the hook was installed. */
  readonly opened: number
  /** Those that are open now, connecting ones included. */
  readonly open: number
  /** Of these, those that the hook has put keepalive on. */
  readonly protected: number
  /** Of these, those on which nothing has moved for longer than NAT_KEEPALIVE_IDLE_WARN, or 80% of the limit. */
  readonly idle: number
  /** Calls of the program's that would have undone the protection, since the hook was installed. */
  readonly overridden: number
  /** Groups of connections that were told to be dying, since the hook was installed. */
  readonly dying: number
  /** Connections that were lost, by the code of the finding that explains them (`nat-keepalive explain`). */
  readonly lost: Readonly<Record<LossCode, number>>
}

export type LossCode = 'NKA301' | 'NKA302' | 'NKA303'

/** Takes a microsecond or less for each open connection. */
export function countersOf(hook: Hook): Counters {
  const { registry, config } = hook
  const threshold = config.idleWarnMs ?? idleWarnOf(config.limitMs)
  let [open, isProtected, idle] = [0, 0, 0]
  for (const [entry, socket] of registry.open()) {
    open++
    if (entry.decision.action === 'protect') isProtected++
    if (!entry.socket.deref()?.connecting && registry.idleMs(entry, socket) >= threshold) idle++
  }
  // What has never looked has told nothing, and may not be loadable.
  const auditor = hook.upkeep.watched ? hook.upkeep.watch.auditor : undefined
  return {
    opened: registry.added,
    open,
    protected: isProtected,
    idle,
    overridden: hook.overridden,
    dying: auditor?.dying ?? 0,
    lost: { ...(auditor?.lost ?? { NKA301: 0, NKA302: 0, NKA303: 0 }) },
  }
}
