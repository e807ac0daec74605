import { type Death, type DeathGroup, isProtected } from '../judge/deaths'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { lostData, lostWords } from './lost'
import { timerWords } from './timer-words'
import { adviceText, openerText, requestText, rounded } from './words'

const HOW: Readonly<Record<Death['end'], string>> = {
  reset: 'reset',
  'broken-pipe': 'gone',
  'hang-up': 'closed by the peer',
  'timed-out': 'given up by the kernel',
  'given-up': 'given up by the client',
  aborted: 'ended',
}

/** Connections that were lost because the process itself had stood still. */
export function stillFinding(group: DeathGroup, config: Config): Finding {
  const [death] = group.deaths as readonly [Death]
  const { seen, were, idle, request } = lostWords(group)
  const { end, code, timer, opener, decision } = death
  const still = rounded(Math.min(...group.deaths.map(({ stillMs }) => stillMs)))
  const waited =
    request === null ? '' : ` while the request${requestText(request)} waited for an answer`
  const isTimer = end === 'given-up'
  const when = isTimer ? '' : ' when the program used it first after that'
  const bare =
    isTimer || isProtected(death, config.limitMs)
      ? ''
      : ` Nothing kept it alive meanwhile either. ${adviceText(decision, config)}`
  return {
    code: 'NKA303',
    text:
      `${seen} ${were} ${HOW[end]}${code === null ? '' : ` (${code})`} after ${idle}${waited}. For at ` +
      `least ${still} of that the process stood still: it was stopped, frozen or busy, and ` +
      (isTimer
        ? `${timerWords(timer).name}, ran out meanwhile. `
        : `could not see what became of its connections; this one had ended${when}. `) +
      `All connections in pools may be stale now. ${openerText(opener)} ` +
      'Open new ones after a standstill (NAT_KEEPALIVE_POOL=evict does for the agents of http and ' +
      `https), and repeat what may be repeated.${bare}`,
    data: lostData(group, config),
  }
}
