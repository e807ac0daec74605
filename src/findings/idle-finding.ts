import type { IdleSummary } from '../judge/idle-groups'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { adviceText, connections, openerText, requestText, rounded } from './words'

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
