import type { Death, DeathGroup } from '../judge/deaths'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { limitsText, lostData, lostWords } from './lost'
import { openerText, requestText } from './words'

/** Connections that the peer, or something of layer 7 before it, closed while something waited on them. */
export function closedFinding(group: DeathGroup, config: Config): Finding {
  const [{ end, code, opener }] = group.deaths as readonly [Death]
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
