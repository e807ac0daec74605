import type { Death, DeathGroup } from '../judge/deaths'
import type { Config } from '../settings/config'
import { SEND_DATA, unkeptBy, unkeptText } from '../settings/unkept'
import type { Finding } from './finding'
import { limitsText, lostData, lostWords } from './lost'
import { timerWords } from './timer-words'
import { adviceText, openerText, requestText } from './words'

/** Connections that nothing kept alive, and that ended after an idle time that fits a limit of the path. */
export function deathFinding(group: DeathGroup, config: Config): Finding {
  const [death] = group.deaths as readonly [Death]
  const { opener, decision } = death
  const { request } = lostWords(group)
  const unkept = unkeptBy(config)
  const waited =
    request === null ? '' : ` The request${requestText(request)} was waiting for its answer.`
  return {
    code: 'NKA301',
    text: `${whatText(group, unkept === null ? UNKEPT : unkeptText(unkept))}${waited} ${openerText(opener)} ${unkept === null ? adviceText(decision, config) : SEND_DATA}`,
    data: lostData(group, config),
  }
}

/** `why`: why keepalive did not keep it. */
function whatText(group: DeathGroup, why: string): string {
  const [death] = group.deaths as readonly [Death]
  const { seen, were, idle } = lostWords(group)
  const limits = `an idle limit of ${limitsText(group.fits)}`
  const isKnown = group.fits.length > 0
  const fits = isKnown
    ? `which fits ${limits}`
    : 'which is longer than some middleboxes remember, but near to no limit that is known, so which one it was is not known'
  const code = death.code === null ? '' : ` (${death.code})`
  switch (death.end) {
    case 'given-up':
      return (
        `${seen} ${were} given up by the program itself${code} after ${idle} without an answer. ` +
        `Whether the answer was lost is not known, but nothing kept the connection alive, and ` +
        `what ${isKnown ? `has ${limits}` : 'forgets idle connections'} would have told nobody.${timerText(death)}`
      )
    case 'timed-out':
      return `${seen} timed out${code} after ${idle}, ${fits}. ${why}`
    case 'broken-pipe':
      return `${seen} ${were} gone when the program wrote${code} after ${idle}, ${fits}. ${why}`
    default:
      return death.sent
        ? `${seen} ${were} reset${code} after ${idle}, ${fits}. ${why}`
        : `${seen} ${were} reset${code} after ${idle} in which nothing was sent: by something on ` +
            `the path that resets what it forgets, ${fits}, or by the peer. ${why}`
  }
}

const UNKEPT = 'No keepalive that comes in time was on it.'

/** A timer that is known ends slow answers too, however well the connection is kept. */
function timerText({ timer }: Death): string {
  if (timer === null || timer.kind === 'other') return ''
  return ` It was ${timerWords(timer).name}, which keepalive does not extend.`
}
