import { readKeepaliveSysctls } from '../../kernel/sysctl'
import type { Outcome } from './check'
import { detectPlace, type Place } from './detect-place'
import { isCovered } from './is-covered'
import type { Machine } from './machine'
import { platformName } from './platform-name'
import { seconds } from './seconds'

export const id = 'kernel'
export const title = "The kernel's keepalive times"

/** The three sysctls of this network namespace against the idle limit of the path. */
export function run(machine: Machine): Outcome {
  const { config } = machine.settings
  if (machine.platform !== 'linux') return elsewhere(machine)
  const reading = readKeepaliveSysctls(machine.proc)
  if (!reading.known) {
    return {
      verdict: 'unknown',
      seen: `When the kernel would send its first probe is not known: ${reading.why}.`,
      action: 'Run this where the programs run, with /proc/sys/net/ipv4 readable.',
      data: { known: false, why: reading.why, limitMs: config.limitMs },
    }
  }
  const { timeSeconds, intervalSeconds, probes } = reading.value
  // A probe at the very limit races the middlebox.
  const late = timeSeconds * 1000 >= config.limitMs
  const values =
    `net.ipv4.tcp_keepalive_time=${timeSeconds}, tcp_keepalive_intvl=${intervalSeconds}, ` +
    `tcp_keepalive_probes=${probes}`
  const limit = `the idle limit of ${seconds(config.limitMs)}`
  const concerned =
    config.mode === 'kernel'
      ? 'NAT_KEEPALIVE_MODE=kernel leaves every socket to these values.'
      : 'This rules the sockets whose times nobody sets: those of native code, and without the hook also those of drivers that only switch keepalive on.'
  const place = detectPlace(machine)
  // Where nobody can set them, a finding would never go away, and the hook does what can be done.
  const settable = place.service?.id !== 'lambda' || config.mode === 'kernel'
  // What JavaScript opens does not follow them then; what native code opens does.
  const covered = config.mode !== 'kernel' && isCovered(machine)
  return {
    verdict: late ? (settable && (machine.strict || !covered) ? 'finding' : 'advice') : 'ok',
    seen: `The first probe would come after ${timeSeconds} s idle, ${late ? `but by then the path has forgotten the connection: ${timeSeconds} s is not less than ${limit}` : `before ${limit}`} (${values}). ${concerned}`,
    action: late ? remedy(machine, place) : null,
    data: {
      known: true,
      covered,
      timeSeconds,
      intervalSeconds,
      probes,
      limitMs: config.limitMs,
      late,
    },
  }
}

/** The hook sets the times on each socket there too; which ones the system has is read on Linux only. */
function elsewhere({ platform, settings: { config } }: Machine): Outcome {
  const name = platformName(platform)
  const unknown = `The times of ${name} are not known here, because they are read on Linux only.`
  const data = { known: false, why: 'they are read on Linux only', limitMs: config.limitMs }
  if (config.mode === 'kernel') {
    return {
      verdict: 'unknown',
      seen: `${unknown} NAT_KEEPALIVE_MODE=kernel leaves every socket to them, and their default is two hours.`,
      action: 'Unset NAT_KEEPALIVE_MODE: then the hook sets the times on each socket.',
      data,
    }
  }
  return {
    verdict: 'unknown',
    seen: `${unknown} They rule the sockets of native code; on those of JavaScript the hook sets keepalive and its times itself, so nothing has to be set for them.`,
    action: 'Give native clients a keepalive of their own.',
    data,
  }
}

function remedy({ settings: { config } }: Machine, { service, container }: Place): string {
  if (service?.id === 'lambda') {
    return 'Lambda lets nobody set these: give native clients a keepalive of their own; JavaScript has the hook.'
  }
  const kinds = { fargate: 'ecs', ecs: 'ecs', kubernetes: 'kubernetes' } as const
  const kind =
    service !== null && service.id in kinds
      ? kinds[service.id as keyof typeof kinds]
      : container !== null
        ? 'docker'
        : 'sysctl'
  const { delayMs, intervalMs, probes } = config
  return `Set net.ipv4.tcp_keepalive_time=${delayMs / 1000}, tcp_keepalive_intvl=${intervalMs / 1000} and tcp_keepalive_probes=${probes}, as \`nat-keepalive snippet ${kind}\` shows.`
}
