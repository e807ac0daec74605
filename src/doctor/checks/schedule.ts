import { versionTakesInterval } from '../../hook/keepalive'
import { readKeepaliveSysctls } from '../../kernel/sysctl'
import {
  deathNoticedMs,
  LIBUV_PROBES,
  outageSurvivedMs,
  type Schedule,
} from '../../settings/schedule'
import { SEND_DATA, unkeptBy, unkeptText } from '../../settings/unkept'
import type { Outcome } from './check'
import type { Machine } from './machine'
import { seconds } from './seconds'

export const id = 'schedule'
export const title = 'The resulting schedule'

/** When probes are sent on a connection with the hook, what follows for outages, and whether they count. */
export function run(machine: Machine): Outcome {
  const outcome = scheduleOf(machine)
  const unkept = unkeptBy(machine.settings.config)
  if (unkept === null) return outcome
  return {
    verdict: 'finding',
    seen: `${outcome.seen} ${unkeptText(unkept)}`,
    action: SEND_DATA,
    data: { ...outcome.data, probes: unkept.probes },
  }
}

function scheduleOf(machine: Machine): Outcome {
  const { config } = machine.settings
  if (!config.enabled) {
    return {
      verdict: 'advice',
      seen: 'NAT_KEEPALIVE=off: the hook sets no schedule, and each connection has what its program gives it.',
      action: 'Unset NAT_KEEPALIVE where connections are to be protected.',
      data: { mode: 'off', limitMs: config.limitMs },
    }
  }
  if (config.mode === 'kernel') return ofKernel(machine)
  const { native, node } = machine
  const able = versionTakesInterval(node) || native.known
  const schedule = { ...config, ...(able ? {} : LIBUV_PROBES) }
  const asked = `${config.probes} probes ${seconds(config.intervalMs)} apart`
  return {
    verdict: able ? 'ok' : 'advice',
    seen: `With the hook: ${words(schedule, config.limitMs)}${able ? '' : ` The settings ask for ${asked}, but Node ${node} sends 10, 1 s apart: an outage of more than about 10 s ends idle connections.`}`,
    action: able
      ? null
      : `Where outages of more than 10 s must be survived, let the native part load, use Node 24.19, 26.4 or newer${machine.platform === 'linux' ? ', or NAT_KEEPALIVE_MODE=kernel with sysctls that suit the limit' : ''}.`,
    data: facts(schedule, config.limitMs, 'socket'),
  }
}

/** In kernel mode the sysctls are the schedule. */
function ofKernel({ platform, proc, settings: { config } }: Machine): Outcome {
  const reading = readKeepaliveSysctls(proc)
  if (!reading.known) {
    return {
      verdict: 'unknown',
      seen: `NAT_KEEPALIVE_MODE=kernel leaves the schedule to the kernel, and what it has is not known: ${reading.why}.`,
      action:
        platform === 'linux'
          ? 'Run this where /proc/sys/net/ipv4 is readable, or use NAT_KEEPALIVE_MODE=socket.'
          : 'Use NAT_KEEPALIVE_MODE=socket, which sets the times on each socket.',
      data: { mode: 'kernel', why: reading.why },
    }
  }
  const { timeSeconds, intervalSeconds, probes } = reading.value
  const schedule = { delayMs: timeSeconds * 1000, intervalMs: intervalSeconds * 1000, probes }
  const late = schedule.delayMs >= config.limitMs
  return {
    verdict: late ? 'finding' : 'ok',
    seen: `With the hook, by the sysctls (NAT_KEEPALIVE_MODE=kernel): ${words(schedule, config.limitMs)}`,
    action: late
      ? 'Set the sysctls as said above, or leave NAT_KEEPALIVE_MODE at socket, which needs none.'
      : null,
    data: facts(schedule, config.limitMs, 'kernel'),
  }
}

function words(schedule: Schedule, limitMs: number): string {
  const { delayMs, intervalMs, probes } = schedule
  const margin =
    delayMs < limitMs
      ? `which the limit of ${seconds(limitMs)} leaves time for`
      : `but the path forgets it after ${seconds(limitMs)}`
  const survived = outageSurvivedMs(schedule)
  const outage =
    survived === 0
      ? 'one lost probe ends the connection'
      : `an outage of up to ${seconds(survived)} is survived wherever it begins`
  return `the first probe comes after ${seconds(delayMs)} idle, ${margin}; a dead path is noticed ${seconds(deathNoticedMs(schedule))} after its last packet (${probes} probes, ${seconds(intervalMs)} apart); ${outage}.`
}

function facts(
  { delayMs, intervalMs, probes }: Schedule,
  limitMs: number,
  mode: 'socket' | 'kernel',
): Outcome['data'] {
  const schedule = { delayMs, intervalMs, probes }
  return {
    mode,
    limitMs,
    ...schedule,
    deathNoticedMs: deathNoticedMs(schedule),
    outageSurvivedMs: outageSurvivedMs(schedule),
  }
}
