import { answersProbe, type Death, type DeathGroup, isOfStandstill } from '../judge/deaths'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { spanText } from './learned-finding'
import { limitsText, lostData, lostWords } from './lost'
import { stillFinding } from './still-finding'
import { timerWords } from './timer-words'
import { openerText, requestText, rounded } from './words'

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
  const [death] = group.deaths as readonly [Death]
  const { end, code, opener } = death
  if (isOfStandstill(death)) return stillFinding(group, config)
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
      `${what} waited for an answer${fits}. ${meaningText(group.deaths)} ` +
      `${openerText(opener)} ${remedyText(group.deaths)}`,
    data: lostData(group, config),
  }
}

/** Who did it, as far as the evidence goes. */
function meaningText(deaths: readonly Death[]): string {
  const [death] = deaths as readonly [Death]
  if (answersProbe(death)) {
    return (
      `The first keepalive probe went out after ${rounded(death.firstProbeMs ?? 0)}, and nothing else: ` +
      'something on the path that has forgotten the connection by then answers it so, and so does a ' +
      'peer that was started anew; or the peer closed for a limit of its own. Which is not known.'
    )
  }
  const recurs = deaths.at(-1)?.recurs ?? null
  if (recurs !== null) {
    return (
      `The peer has ended ${recurs.count} connections of this destination after ${spanText(recurs)} ` +
      'idle: that is its own keep-alive or idle limit, or that of something of layer 7 before it, ' +
      'which no keepalive probe resets.'
    )
  }
  return (
    'It was the peer itself or something of layer 7 before it: for an idle limit of its own, which ' +
    'no keepalive probe resets, or because it ended' +
    // The peer's FIN answers that of a client, too.
    (death.end === 'hang-up' && death.request === null
      ? '; or the client, which does not tell, had ended it first.'
      : '.')
  )
}

function remedyText(deaths: readonly Death[]): string {
  const [death] = deaths as readonly [Death]
  if (answersProbe(death)) {
    return `Measure the path ("nat-keepalive measure ${death.destination}"), and set NAT_KEEPALIVE_LIMIT to what that finds.`
  }
  const recurs = deaths.at(-1)?.recurs ?? null
  if (recurs !== null && death.sent) {
    return (
      `Keep yours below ${rounded(recurs.minIdleMs)}, so that the client closes an idle connection ` +
      'before the peer does (an option such as keepAliveTimeout or idleTimeoutMillis), or raise ' +
      "the peer's."
    )
  }
  return 'Raise that limit above the longest wait, or send something within it.'
}
