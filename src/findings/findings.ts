import { destinationOf } from '../connections/endpoint'
import type { Opener } from '../connections/opener'
import type { Decision, Protection } from '../connections/policy'
import type { WaitingRequest } from '../connections/waiting-request'
import { type Death, type DeathGroup, type Fit, protects } from '../judge/deaths'
import type { IdleSummary } from '../judge/idle-groups'
import type { ForeignGroup } from '../judge/native-groups'
import type { KeepaliveSysctls } from '../kernel/sysctl'
import type { Config } from '../settings/config'
import { formatDuration } from '../settings/duration'

export type Code = 'NKA001' | 'NKA002' | 'NKA101' | 'NKA201' | 'NKA202' | 'NKA203' | 'NKA301'

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
export function idleFinding(summary: IdleSummary, config: Config): Finding {
  const { count, destination, opener, verdicts, worst, request } = summary
  const [shortest, longest] = [rounded(summary.minIdleMs), rounded(summary.maxIdleMs)]
  const idle = shortest === longest ? longest : `${shortest} to ${longest}`
  const seen = `${connections(count)} to ${destination} ${count === 1 ? 'has' : 'have'} been idle for ${idle}`
  const waits =
    request === null
      ? ''
      : ` A request waits on ${count === 1 ? 'it' : 'one'}: ${requestText(request)}.`
  const place = openerText(opener)
  const data = {
    destination,
    count,
    verdicts,
    idleMs: summary.maxIdleMs,
    reason: worst.judged.reason,
    request,
    opener,
    limitMs: config.limitMs,
  }
  if (verdicts.safe === count) {
    return {
      code: 'NKA201',
      text:
        `${seen}, and keepalive protects ${count === 1 ? 'it' : 'them'}. ${worst.judged.reason}` +
        `${waits} ${place} Nothing is lost on a path that forgets idle connections; if this is ` +
        'expected, raise NAT_KEEPALIVE_IDLE_WARN or set it to off.',
      data,
    }
  }
  const certain = verdicts['at-risk'] > 0
  const affected = certain ? verdicts['at-risk'] : verdicts.unknown
  const whole = count === 1 ? 'it' : 'them'
  const which = affected === count ? whole : `${affected} of them`
  const state = certain
    ? `and nothing that comes in time keeps ${which} alive`
    : `and whether anything keeps ${which} alive is not known`
  return {
    code: 'NKA202',
    text:
      `${seen}, ${state}. ` +
      `${worst.judged.reason} A NAT gateway or firewall that forgets it tells nobody, and a request ` +
      `that waits on it is never answered.${waits} ${place} ${adviceText(worst.decision, config)}`,
    data,
  }
}

/** Connections of native code to one destination that would not survive idleness. */
export function foreignFinding({ remote, sockets }: ForeignGroup, config: Config): Finding {
  const destination = destinationOf({ host: remote.address, port: remote.port })
  const count = sockets.length
  const reason = sockets[0]?.judged.reason ?? ''
  const { delayMs, intervalMs, probes } = config
  return {
    code: 'NKA203',
    text:
      `${connections(count)} to ${destination} ${count === 1 ? 'has' : 'have'} no useful keepalive. ` +
      `${reason} The hook does not know ${count === 1 ? 'it' : 'them'}: native code opened ` +
      `${count === 1 ? 'it' : 'them'}, or another thread or process. Switch keepalive on in ` +
      "that library's own settings, and let the kernel probe in time: " +
      `net.ipv4.tcp_keepalive_time=${delayMs / 1_000}, tcp_keepalive_intvl=${intervalMs / 1_000}, ` +
      `tcp_keepalive_probes=${probes}.`,
    data: { destination, count, reason, limitMs: config.limitMs },
  }
}

/** Connections of one destination and opening place that ended after a long idle time. */
export function deathFinding({ deaths, fits }: DeathGroup, config: Config): Finding {
  const [death] = deaths as readonly [Death]
  const { destination, opener, end, code, decision } = death
  const count = deaths.length
  const request = deaths.find((one) => one.request !== null)?.request ?? null
  const idleMs = Math.max(...deaths.map(({ maxIdleMs }) => maxIdleMs))
  const [least, most] = [rounded(Math.min(...deaths.map((one) => one.minIdleMs))), rounded(idleMs)]
  const idle = least === most ? most : `${least} to ${most}`
  const isProtected = protects(decision, config.limitMs)
  const waited =
    request === null ? '' : ` The request ${requestText(request)} was waiting for its answer.`
  return {
    code: 'NKA301',
    text:
      `${connections(count)} to ${destination} ${endText(end, count)}${code === null ? '' : ` (${code})`} ` +
      `after ${idle} idle, which fits ${fitText(fits)}.${waited} ${protectionText(decision, isProtected)} ` +
      `${openerText(opener)} ${isProtected ? LAYER_7_ADVICE : adviceText(decision, config)}`,
    data: {
      destination,
      count,
      end,
      error: code,
      idleMs,
      minIdleMs: Math.min(...deaths.map((one) => one.minIdleMs)),
      fits,
      protected: isProtected,
      schedule: decision.action === 'protect' ? scheduleOf(decision) : null,
      request,
      opener,
      limitMs: config.limitMs,
    },
  }
}

const LAYER_7_ADVICE =
  'Probes carry no data, so they do not reset a limit of layer 7: send something within it, raise ' +
  'it, or close idle connections sooner; or the peer restarted.'

function connections(count: number): string {
  return count === 1 ? 'A connection' : `${count} connections`
}

function endText(end: Death['end'], count: number): string {
  const were = count === 1 ? 'was' : 'were'
  switch (end) {
    case 'reset':
      return `${were} reset`
    case 'timed-out':
      return 'timed out'
    case 'broken-pipe':
      return `${were} gone when the program wrote`
    case 'hang-up':
      return `${were} closed by the peer before it answered`
    case 'given-up':
      return `${were} given up by the program without an answer`
  }
}

function fitText(fits: readonly Fit[]): string {
  const texts = fits.map(({ limitMs, middleboxes: [first, ...others] }) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more`
    return `${formatDuration(limitMs)} (${first === undefined ? 'the limit that is set' : `${first}${more}`})`
  })
  return `an idle limit of ${texts.join(' or ')}`
}

function protectionText(decision: Decision, isProtected: boolean): string {
  if (!isProtected) return 'No keepalive that comes in time was on it.'
  return `Keepalive was on it: ${scheduleText(decision)}.`
}

function scheduleText(decision: Decision): string {
  if (decision.action === 'leave' || decision.delayMs === null) return "with the kernel's own times"
  return `first probe after ${formatDuration(decision.delayMs)}`
}

function scheduleOf({ delayMs, intervalMs, probes }: Protection) {
  return { delayMs, intervalMs, probes }
}

function requestText({ method, host, path }: WaitingRequest): string {
  return `${method} ${host ?? ''}${path}`
}

function openerText({ place, package: packageName }: Opener): string {
  const by = packageName === null ? '' : ` by the package ${packageName}`
  if (place !== null) return `Opened at ${place}${by}.`
  return packageName === null ? 'Where it was opened is not known.' : `Opened${by}.`
}

function adviceText(decision: Decision, config: Config): string {
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
      'NAT_KEEPALIVE_MODE=kernel leaves the times to the sysctls: set net.ipv4.tcp_keepalive_time ' +
      'below the limit, or use NAT_KEEPALIVE_MODE=socket.'
    )
  }
  return 'Run "nat-keepalive audit" on this process, where the kernel can be asked, to see what is on it.'
}

/** Idle times are known to the beat of the auditor; fractions of a second would be a pretence. */
function rounded(ms: number): string {
  return ms < 1_000 ? `${ms}ms` : formatDuration(Math.round(ms / 1_000) * 1_000)
}
