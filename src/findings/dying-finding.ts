import type { DyingGroup, Witness } from '../judge/dying'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { connections, openerText, rounded } from './words'

/** Connections on which nobody answers any more, while they still are. */
export function dyingFinding(group: DyingGroup, witness: Witness, config: Config): Finding {
  const { destination, opener, sockets } = group
  const worst = sockets.reduce((a, b) => (b.silence.sinceMs > a.silence.sinceMs ? b : a))
  const { what, count, sinceMs, endMs } = worst.silence
  const one = sockets.length === 1
  const unanswered =
    what === 'probes'
      ? `${count} keepalive probes in a row have gone unanswered`
      : `${count === 1 ? 'a byte' : `${count} bytes`} sent on it ${count === 1 ? 'is' : 'are'} not acknowledged`
  const end =
    endMs === null
      ? what === 'data'
        ? 'the kernel sends again for about 15 minutes (tcp_retries2) before it gives up'
        : 'when the kernel gives it up is not known'
      : `the kernel gives it up in about ${rounded(endMs)}`
  return {
    code: 'NKA205',
    text:
      `${connections(sockets.length)} to ${destination} ${one ? 'is' : 'are'} dying: ` +
      `${one ? '' : 'on the worst '}${unanswered}, for ${rounded(sinceMs)}; ${end}. ` +
      `${WITNESSES[witness]} ${openerText(opener)} ${ADVICE[witness]}`,
    data: {
      destination,
      count: sockets.length,
      silence: worst.silence,
      witness,
      opener,
      limitMs: config.limitMs,
    },
  }
}

const WITNESSES: Readonly<Record<Witness, string>> = {
  'probes-answered':
    'Probes of another connection to it were answered meanwhile, so peer and path are up: ' +
    'something on the path, or the peer, has forgotten this one.',
  'data-answered':
    'Another connection to it got data meanwhile, so the peer is up: the path swallows probes, or ' +
    'has forgotten this one.',
  none: 'No other connection to it was answered meanwhile: the peer or the path may be gone.',
}

const ADVICE: Readonly<Record<Witness, string>> = {
  'probes-answered': 'Close it and open another; what waits on it will not be answered.',
  'data-answered':
    'Close it and open another; if new ones die the same way, this path swallows probes, and only ' +
    'data of the program keeps connections on it.',
  none: 'See whether the peer runs and the path to it is open.',
}
