import type { Death, DeathGroup } from '../judge/deaths'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { limitsText, lostData, lostWords } from './lost'
import { adviceText, openerText, requestText } from './words'

/** Connections that nothing kept alive, and that ended after an idle time that fits a limit of the path. */
export function deathFinding(group: DeathGroup, config: Config): Finding {
  const [death] = group.deaths as readonly [Death]
  const { opener, decision } = death
  const { request } = lostWords(group)
  const waited =
    request === null ? '' : ` The request${requestText(request)} was waiting for its answer.`
  return {
    code: 'NKA301',
    text: `${whatText(group)}${waited} ${openerText(opener)} ${adviceText(decision, config)}`,
    data: lostData(group, config),
  }
}

function whatText(group: DeathGroup): string {
  const [death] = group.deaths as readonly [Death]
  const { seen, were, idle } = lostWords(group)
  const limits = `an idle limit of ${limitsText(group.fits)}`
  const code = death.code === null ? '' : ` (${death.code})`
  switch (death.end) {
    case 'given-up':
      return (
        `${seen} ${were} given up by the program itself${code} after ${idle} without an answer. ` +
        `Whether the answer was lost is not known, but nothing kept the connection alive, and ` +
        `what has ${limits} would have told nobody.`
      )
    case 'timed-out':
      return `${seen} timed out${code} after ${idle}, which fits ${limits}. ${UNKEPT}`
    case 'broken-pipe':
      return `${seen} ${were} gone when the program wrote${code} after ${idle}, which fits ${limits}. ${UNKEPT}`
    default:
      return death.sent
        ? `${seen} ${were} reset${code} after ${idle}, which fits ${limits}. ${UNKEPT}`
        : `${seen} ${were} reset${code} after ${idle} in which nothing was sent: by something on ` +
            `the path that resets what it forgets, which fits ${limits}, or by the peer. ${UNKEPT}`
  }
}

const UNKEPT = 'No keepalive that comes in time was on it.'
