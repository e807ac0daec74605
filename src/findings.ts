import type { IdleGroup } from './audit'
import type { Config } from './config'
import { formatDuration } from './duration'
import type { KeepaliveSysctls } from './kernel/sysctl'
import type { Opener } from './opener'
import type { Protection } from './policy'

export type Code = 'NKA001' | 'NKA002' | 'NKA101' | 'NKA201' | 'NKA202'

/** Something to tell: what was seen with numbers, what it means, and the one thing to do. */
export interface Finding {
  readonly code: Code
  readonly text: string
  /** The same facts for machines; plain data. */
  readonly data: Readonly<Record<string, unknown>>
}

export function settingFinding(variable: string, value: string, message: string): Finding {
  return { code: 'NKA001', text: message, data: { variable, value } }
}

export function hookFinding(text: string, data: Record<string, unknown> = {}): Finding {
  return { code: 'NKA002', text, data }
}

/** The kernel's first probe comes after the path has forgotten the connection. */
export function kernelFinding(sysctls: KeepaliveSysctls, config: Config): Finding {
  const { timeSeconds, intervalSeconds, probes } = sysctls
  const concerned =
    config.mode === 'kernel'
      ? 'NAT_KEEPALIVE_MODE=kernel leaves every socket of this process to these values.'
      : 'This concerns only sockets the hook cannot reach (native code, for example); ' +
        `those of JavaScript are probed after ${formatDuration(config.delayMs)}.`
  const seconds = (ms: number) => ms / 1_000
  return {
    code: 'NKA101',
    text:
      `The kernel would send its first keepalive probe after ${timeSeconds} s idle, but the path ` +
      `forgets an idle connection after ${formatDuration(config.limitMs)} ` +
      `(net.ipv4.tcp_keepalive_time=${timeSeconds}, tcp_keepalive_intvl=${intervalSeconds}, ` +
      `tcp_keepalive_probes=${probes}). ${concerned} ` +
      `Set net.ipv4.tcp_keepalive_time=${seconds(config.delayMs)}, ` +
      `net.ipv4.tcp_keepalive_intvl=${seconds(config.intervalMs)} and ` +
      `net.ipv4.tcp_keepalive_probes=${config.probes} for this network namespace (sysctl, ` +
      "docker --sysctl, a pod's securityContext.sysctls), or silence this with " +
      'NAT_KEEPALIVE_SYSCTL=off.',
    data: {
      timeSeconds,
      intervalSeconds,
      probes,
      limitMs: config.limitMs,
      mode: config.mode,
    },
  }
}

/** The check that was asked for could not be made; no verdict. */
export function kernelUnknownFinding(why: string): Finding {
  return {
    code: 'NKA101',
    text:
      `Whether the kernel's keepalive settings suit the path is not known: ${why}. ` +
      'Let the process read /proc/sys/net/ipv4/tcp_keepalive_time, _intvl and _probes, or set ' +
      'NAT_KEEPALIVE_SYSCTL=off.',
    data: { known: false, why },
  }
}

/** Connections of one destination and opening place that have been idle for long. */
export function idleFinding(group: IdleGroup, config: Config): Finding {
  const { count, unprotected, destination, opener } = group
  const many = count === 1 ? 'A connection' : `${count} connections`
  const [shortest, longest] = [roundedDuration(group.minIdleMs), roundedDuration(group.maxIdleMs)]
  const idle = shortest === longest ? longest : `${shortest} to ${longest}`
  const seen = `${many} to ${destination} ${count === 1 ? 'has' : 'have'} been idle for ${idle}`
  const data = {
    destination,
    count,
    unprotected,
    idleMs: group.maxIdleMs,
    opener,
    limitMs: config.limitMs,
  }
  if (unprotected === 0) {
    return {
      code: 'NKA201',
      text:
        `${seen}; keepalive protects ${count === 1 ? 'it' : 'them'} (${scheduleText(group.protection)}). ` +
        `${openerText(opener)} Nothing is lost on a path that forgets idle connections; if this is ` +
        'expected, raise NAT_KEEPALIVE_IDLE_WARN or set it to off.',
      data,
    }
  }
  const which = unprotected === count ? 'nothing' : `for ${unprotected} of them nothing`
  return {
    code: 'NKA202',
    text:
      `${seen}, and ${which} keeps the path open: a NAT gateway or firewall forgets such a ` +
      `connection after ${formatDuration(config.limitMs)}, and a request that waits on it is never ` +
      `answered. ${openerText(opener)} ${adviceText(group)}`,
    data,
  }
}

function scheduleText(protection: Protection | null): string {
  if (protection === null || protection.delayMs === null) return "with the kernel's own times"
  return `first probe after ${formatDuration(protection.delayMs)}`
}

function openerText({ place, package: packageName }: Opener): string {
  const by = packageName === null ? '' : ` by the package ${packageName}`
  if (place !== null) return `Opened at ${place}${by}.`
  return packageName === null ? 'Where it was opened is not known.' : `Opened${by}.`
}

function adviceText({ leave }: IdleGroup): string {
  if (leave?.reason === 'excluded') {
    return `It is excluded by "${leave.rule}": take that out of NAT_KEEPALIVE_EXCLUDE.`
  }
  if (leave?.reason === 'exempt') return 'The program exempted it: remove the call of exempt().'
  return 'The program asked for that and is respected: set NAT_KEEPALIVE_APP=cap.'
}

/** Idle times are known to the beat of the auditor; fractions of a second would be a pretence. */
function roundedDuration(ms: number): string {
  return ms < 1_000 ? `${ms}ms` : formatDuration(Math.round(ms / 1_000) * 1_000)
}
