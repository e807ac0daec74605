import type { Death, DeathGroup } from '../judge/deaths'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { limitsText, lostData, lostWords } from './lost'
import { timerWords } from './timer-words'
import { openerText, requestText } from './words'

/** A connection that a timer of the client gave up, while keepalive kept it in time. */
function timerFinding(group: DeathGroup, config: Config): Finding {
  const [{ code, opener, timer }] = group.deaths as readonly [Death]
  const { seen, were, idle, request } = lostWords(group)
  const what = request === null ? 'what was sent last' : `the request${requestText(request)}`
  const { name, where } = timerWords(timer)
  return {
    code: 'NKA303',
    text:
      `${seen} ${were} given up by the client${code === null ? '' : ` (${code})`} after ${idle}, while ` +
      `${what} waited for an answer: by ${name}. It is no middlebox: keepalive was in time, and no ` +
      `probe extends a timer of the client. ${openerText(opener)} ${where}`,
    data: lostData(group, config),
  }
}

/** Connections that the peer, or something of layer 7 before it, closed while something waited on them. */
export function closedFinding(group: DeathGroup, config: Config): Finding {
  const [{ end, code, opener }] = group.deaths as readonly [Death]
  if (end === 'given-up') return timerFinding(group, config)
  const { seen, were, idle, request } = lostWords(group)
  const how = end === 'hang-up' ? 'closed' : 'reset'
  const what = request === null ? 'what was sent last' : `the request${requestText(request)}`
  const fits =
    group.fits.length === 0 ? '' : `, which fits an idle limit of ${limitsText(group.fits)}`
  return {
    code: 'NKA303',
    text:
      `${seen} ${were} ${how} by the peer${code === null ? '' : ` (${code})`} after ${idle}, while ` +
      `${what} waited for an answer${fits}. It was the peer itself or something of layer 7 before ` +
      'it: for an idle limit of its own, which no keepalive probe resets, or because it ended. ' +
      `${openerText(opener)} Raise that limit above the longest wait, or send something within it.`,
    data: lostData(group, config),
  }
}
