import type { Opener } from '../connections/opener'
import type { Decision } from '../connections/policy'
import type { WaitingRequest } from '../connections/waiting-request'
import type { Config } from '../settings/config'
import { formatDuration } from '../settings/duration'

export function connections(count: number): string {
  return count === 1 ? 'A connection' : `${count} connections`
}

/** What is to be named of a request, after `mark`; nothing where it is not to be named. */
export function requestText({ method, host, path }: WaitingRequest, mark = ' '): string {
  if (method === null) return ''
  return `${mark}${method}${host === null && path === null ? '' : ' '}${host ?? ''}${path ?? ''}`
}

export function openerText({ place, package: packageName }: Opener): string {
  const by = packageName === null ? '' : ` by the package ${packageName}`
  if (place !== null) return `Opened at ${place}${by}.`
  return packageName === null ? 'Where it was opened is not known.' : `Opened${by}.`
}

export function adviceText(decision: Decision, config: Config): string {
  switch (decision.reason) {
    case 'excluded':
      return `It is excluded by "${decision.action === 'leave' ? decision.rule : ''}": take that out of NAT_KEEPALIVE_EXCLUDE.`
    case 'exempt':
      return 'The program exempted it: remove the call of exempt().'
    case 'respected':
      return 'The program asked for that and is respected: set NAT_KEEPALIVE_APP=cap.'
  }
  if (config.mode === 'kernel') {
    return (
      'NAT_KEEPALIVE_MODE=kernel leaves the times to the sysctls: set them (on Linux ' +
      'net.ipv4.tcp_keepalive_time) below the limit, or use NAT_KEEPALIVE_MODE=socket.'
    )
  }
  return 'Run "nat-keepalive audit" on this process, where the kernel can be asked, to see what is on it.'
}

/** Idle times are known to the beat of the auditor; fractions of a second would be a pretence. */
export function rounded(ms: number): string {
  return ms < 1_000 ? `${ms}ms` : formatDuration(Math.round(ms / 1_000) * 1_000)
}
