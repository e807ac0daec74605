import type { Decision, Protection } from '../connections/policy'
import { type Death, type DeathGroup, type Fit, protects } from '../judge/deaths'
import type { Config } from '../settings/config'
import { formatDuration } from '../settings/duration'
import type { Finding } from './finding'
import { adviceText, connections, openerText, requestText, rounded } from './words'

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
