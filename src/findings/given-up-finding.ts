import type { Death, DeathGroup } from '../judge/deaths'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { lostData, lostWords } from './lost'
import { openerText, requestText, rounded } from './words'

/** Connections that keepalive gave up, because nobody answered their probes. */
export function givenUpFinding(group: DeathGroup, config: Config): Finding {
  const [death] = group.deaths as readonly [Death]
  const { seen, were, idle, request } = lostWords(group)
  const waited =
    request === null ? '' : ` The request${requestText(request)} was waiting for its answer.`
  const code = death.code === null ? '' : ` (${death.code})`
  return {
    code: 'NKA302',
    text:
      `${seen} ${were} given up by the kernel${code} after ${idle}: ${probesText(death)} ` +
      'The path or the peer was gone for that long, the peer had forgotten the connection without ' +
      `a word, or something on the path swallows probes.${waited} ${openerText(death.opener)} ` +
      'If the path comes back later than that, raise NAT_KEEPALIVE_GIVE_UP; if it swallows probes, ' +
      'no keepalive helps on it.',
    data: lostData(group, config),
  }
}

/** The schedule that was not answered, as far as it is known. */
function probesText({ decision }: Death): string {
  const times = decision.action === 'protect' ? decision : null
  if (times === null || times.intervalMs === null || times.probes === null) {
    return 'nobody answered its keepalive probes.'
  }
  const { intervalMs, probes } = times
  const apart = `${rounded(intervalMs)} apart`
  return `nobody answered its keepalive probes, ${probes} of them ${apart}.`
}
