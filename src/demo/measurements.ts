import { defaults } from '../settings/settings'
import type { Loopback } from './loopback'
import type { Gateway, Times } from './nat'
import type { ProbeTimer } from './probe-timer'

/** What `demo --json` prints. */
export interface Measurements {
  readonly schema: 1
  readonly version: string
  readonly node: string
  readonly platform: string
  readonly loopback: Loopback
  /** Null where no NAT can be built. */
  readonly nat: (Times & { readonly gateways: readonly Gateway[] }) | null
  /** Why there is none. */
  readonly natWhy: string | null
  /** What did not go as the demo says it goes, in sentences. */
  readonly problems: readonly string[]
}

/** The sentences about part one that would prove the demo wrong. Unknown proves nothing. */
export function judgeLoopback({ without, with: withHook }: Loopback): string[] {
  const problems: string[] = []
  if (without.armed) problems.push('The request without nat-keepalive has keepalive as well.')
  if (withHook.armed === false) problems.push('The request with nat-keepalive has no keepalive.')
  if (isLate(withHook)) {
    problems.push(
      `The first probe with nat-keepalive comes after ${withHook.nextTimerMs} ms, which is late.`,
    )
  }
  return problems
}

/** The same about part two. */
export function judgeGateway({ expiry, without, with: withHook }: Gateway): string[] {
  const problems: string[] = []
  const where = expiry === 'reset' ? 'Behind the NAT that resets' : 'Behind the NAT that drops'
  if (without.client.outcome === 'answered') {
    problems.push(`${where}, the request without nat-keepalive was answered as well.`)
  }
  if (withHook.client.outcome !== 'answered') {
    problems.push(`${where}, the request with nat-keepalive was not answered.`)
  }
  if (without.answeredMs === null || withHook.answeredMs === null) {
    problems.push(`${where}, the service did not answer every request.`)
  }
  return problems
}

function isLate({ nextTimerMs }: ProbeTimer): boolean {
  return nextTimerMs !== null && nextTimerMs > defaults.longestDelayMs
}
