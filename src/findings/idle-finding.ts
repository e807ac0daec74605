import type { IdleSummary } from '../judge/idle-groups'
import type { Config } from '../settings/config'
import { SEND_DATA, unkeptBy, unkeptText } from '../settings/unkept'
import type { Finding } from './finding'
import { adviceText, connections, openerText, requestText, rounded } from './words'

/**
 * Connections of one destination and opening place that have been idle for long. `sayWhy`: whether to
 * say why the kernel cannot be asked, which is the same each time.
 */
export function idleFinding(summary: IdleSummary, config: Config, sayWhy = true): Finding {
  const { count, destination, opener, verdicts, worst, request } = summary
  const [shortest, longest] = [rounded(summary.minIdleMs), rounded(summary.maxIdleMs)]
  const idle = shortest === longest ? longest : `${shortest} to ${longest}`
  const seen = `${connections(count)} to ${destination} ${count === 1 ? 'has' : 'have'} been idle for ${idle}`
  const waits =
    request === null
      ? ''
      : ` A request waits on ${count === 1 ? 'it' : 'one'}${requestText(request, ': ')}.`
  const { code, what, advice } = stateOf(summary, config, sayWhy)
  return {
    code,
    text: `${seen}${what}${waits} ${openerText(opener)} ${advice}`,
    data: {
      destination,
      count,
      verdicts,
      closedByPeer: summary.closed,
      idleMs: summary.maxIdleMs,
      reason: worst.judged.reason,
      request,
      opener,
      limitMs: config.limitMs,
    },
  }
}

interface State {
  readonly code: 'NKA201' | 'NKA202'
  /** What follows the idle time, with the space or comma before it. */
  readonly what: string
  readonly advice: string
}

/** The worst that is true of some of them decides. */
function stateOf(summary: IdleSummary, config: Config, sayWhy: boolean): State {
  const { count, verdicts, closed, unseen, worst } = summary
  const whole = count === 1 ? 'it' : 'them'
  const which = (affected: number) => (affected === count ? whole : `${affected} of them`)
  const { reason, set } = worst.judged
  const unkept = unkeptBy(config)
  if (unkept !== null && verdicts.dying + closed === 0) {
    const what = `, and keepalive does not protect ${whole}. ${unkeptText(unkept)}`
    return { code: 'NKA202', what, advice: SEND_DATA }
  }
  if (verdicts.safe === count) {
    return {
      code: 'NKA201',
      what: `, and keepalive protects ${whole}. ${reason}`,
      advice: `Nothing is lost on a path that forgets idle connections, and this is told once; ${EXPECTED}`,
    }
  }
  if (verdicts.safe + unseen === count) {
    const what = `. ${sayWhy || set === undefined ? reason : set}`
    return { code: 'NKA201', what, advice: `This is told once; ${EXPECTED}` }
  }
  if (verdicts.dying > 0) {
    const what = `, and nobody answers on ${which(verdicts.dying)} any more. ${reason}`
    return { code: 'NKA202', what, advice: DYING_ADVICE }
  }
  const atRisk = verdicts['at-risk'] - closed
  if (atRisk === 0 && closed > 0) {
    const them = which(closed)
    const what = `, and the peer has closed ${them}: nothing more will come, and the program has not ended ${them}.`
    return { code: 'NKA202', what, advice: CLOSED_ADVICE }
  }
  const state =
    atRisk > 0
      ? `and nothing that comes in time keeps ${which(atRisk)} alive`
      : `and whether anything keeps ${which(verdicts.unknown)} alive is not known`
  return {
    code: 'NKA202',
    what: `, ${state}. ${reason} ${FORGOTTEN}`,
    advice: adviceText(worst.decision, config),
  }
}

const EXPECTED = 'if it is expected, raise NAT_KEEPALIVE_IDLE_WARN or set it to off.'

const FORGOTTEN =
  'A NAT gateway or firewall that forgets it tells nobody, and a request that waits on it is never ' +
  'answered.'

const DYING_ADVICE =
  'See whether the peer runs and the path to it is open; where other connections to it are answered, ' +
  'something on the path has forgotten this one, or swallows its probes.'

const CLOSED_ADVICE = 'Read what came to its end, then call end() or destroy().'
