import type { Config } from '../settings/config'
import { LIBUV_PROBES } from '../settings/schedule'

/** What the program or a library asked of keepalive, in a call or through a constructor option. */
export interface Asked {
  readonly enable: boolean
  /** Milliseconds; null where none was given or Node would ignore it (0, below 1 s, out of range). */
  readonly delayMs: number | null
  /** Milliseconds between probes; null where none (that the kernel takes) was given. */
  readonly intervalMs: number | null
  readonly probes: number | null
}

export type Reason =
  | 'unasked'
  | 'shorter'
  | 'off'
  | 'no-delay'
  | 'longer'
  | 'kernel'
  | 'respected'
  | 'excluded'
  | 'exempt'

/** The schedule to put on a socket: null in a field leaves it to the kernel's sysctls. */
export interface Protection {
  readonly action: 'protect'
  readonly delayMs: number | null
  readonly intervalMs: number | null
  readonly probes: number | null
  readonly reason: Reason
}

/** The socket is left as the program has it. */
export interface Leave {
  readonly action: 'leave'
  readonly reason: 'respected' | 'excluded' | 'exempt'
  /** The rule that excluded it. */
  readonly rule?: string
  /** Set where we had put times on it before: then the sysctls no longer give them. */
  readonly touched?: true
}

export type Decision = Protection | Leave

/** Reasons under which the program's own wish was set aside. */
export function overrides(decision: Decision): boolean {
  return decision.reason === 'off' || decision.reason === 'no-delay' || decision.reason === 'longer'
}

/** The decision to leave a socket alone that may have been ours before. */
export function leave(before: Decision, why: Pick<Leave, 'reason' | 'rule'>): Leave {
  const timed = before.action === 'protect' ? before.delayMs !== null : before.touched
  return { action: 'leave', ...why, ...(timed ? { touched: true } : {}) }
}

/** Whether the socket is the program's alone, whatever it asks from now on. */
export function isFinal({ reason }: Decision): boolean {
  return reason === 'excluded' || reason === 'exempt'
}

/** Whether what Node remembers on the socket for its next connection may be ours. */
export function marked(decision: Decision): boolean {
  return decision.action === 'protect' || decision.touched === true || decision.reason === 'exempt'
}

/** One Decision object serves every socket that gets the same answer, so that a socket costs none. */
export interface Policy {
  /** `asked` is null where the program did not say anything. */
  decide(asked: Asked | null): Decision
  /** Whether interval and number of probes of the settings are not what this Node puts on the socket. */
  lacksProbes(protection: Protection): boolean
  /**
   * The protection that another becomes once interval and number of probes, which this Node cannot
   * set, are on the socket too. The same where nothing is missing.
   */
  withProbes(protection: Protection): Protection
}

/** A program uses a handful of schedules; one that makes up new ones must not fill the memory. */
const MAX_KNOWN = 16

/**
 * How the settings answer what was asked for a socket that is neither excluded nor exempt.
 * `takesInterval`: whether this Node can set the interval and the number of probes. Pure.
 */
export function createPolicy(config: Config, takesInterval: boolean): Policy {
  const { intervalMs, probes } = takesInterval ? config : LIBUV_PROBES
  const ours = (reason: Reason): Protection =>
    config.mode === 'kernel'
      ? { action: 'protect', delayMs: null, intervalMs: null, probes: null, reason }
      : {
          action: 'protect',
          delayMs: config.delayMs,
          intervalMs,
          probes,
          reason,
        }
  const answers = {
    unasked: ours('unasked'),
    off: ours('off'),
    'no-delay': ours('no-delay'),
    longer: ours('longer'),
    kernel: ours('kernel'),
  }
  const respected: Leave = { action: 'leave', reason: 'respected' }

  const known: Protection[] = []
  const ownTimes = (asked: Asked, delayMs: number, reason: Reason): Protection => {
    // Two arguments say nothing about the probes.
    return kept({
      action: 'protect',
      delayMs,
      intervalMs: asked.intervalMs ?? intervalMs,
      probes: asked.probes ?? probes,
      reason,
    })
  }
  const kept = (answer: Protection): Protection => {
    const same = known.find((other) => sameProtection(answer, other))
    if (same !== undefined) return same
    if (known.length < MAX_KNOWN) known.push(answer)
    return answer
  }

  // Asked at each connect.
  const lacksProbes = ({ delayMs, intervalMs, probes }: Protection): boolean =>
    !takesInterval &&
    delayMs !== null &&
    (intervalMs !== config.intervalMs || probes !== config.probes)

  return {
    lacksProbes,
    withProbes(protection) {
      if (!lacksProbes(protection)) return protection
      return kept({ ...protection, intervalMs: config.intervalMs, probes: config.probes })
    },
    decide(asked) {
      if (asked === null) return answers.unasked
      if (config.app === 'respect') {
        return asked.enable && asked.delayMs !== null && config.mode === 'socket'
          ? ownTimes(asked, asked.delayMs, 'respected')
          : respected
      }
      if (!asked.enable) return answers.off
      if (config.mode === 'kernel') return answers.kernel
      if (asked.delayMs === null) return answers['no-delay']
      if (asked.delayMs <= config.delayMs) return ownTimes(asked, asked.delayMs, 'shorter')
      return asked.intervalMs === null && asked.probes === null
        ? answers.longer
        : ownTimes(asked, config.delayMs, 'longer')
    },
  }
}

function sameProtection(a: Protection, b: Protection): boolean {
  return (
    a.delayMs === b.delayMs &&
    a.intervalMs === b.intervalMs &&
    a.probes === b.probes &&
    a.reason === b.reason
  )
}
