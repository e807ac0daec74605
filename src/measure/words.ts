import type { Profile } from '../settings/profiles'
import { scheduleFor } from '../settings/schedule'
import { type Conclusion, fitting, limitToSet } from './conclude'
import type { Outcome } from './rung'

/** A silence as it was witnessed: milliseconds are more than a path keeps to. */
export function age(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1).replace(/\.0$/, '')} s`
  const seconds = Math.round(ms / 1_000)
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}

/** What each outcome means, in a line. */
export const outcomes: Readonly<Record<Outcome, string>> = {
  answered: 'the probe was answered: remembered',
  reset: 'the probe met a reset: forgotten',
  unanswered: 'three probes met nothing, the control was answered: forgotten',
  'reset-early': 'reset before anything was sent',
  closed: 'closed by the far end',
  speaks: 'the far end keeps sending: never silent',
  unclear: 'nothing follows: the control was not answered either, or the machine slept',
  stopped: 'not needed any more',
}

const thens = {
  reset: 'What is sent then meets a reset.',
  nothing: 'What is sent then meets nothing: the packets vanish, and nobody is told.',
  both: 'What is sent then meets a reset at one time and nothing at another.',
} as const

/** What follows from the measurement, a paragraph each. Pure. */
export function conclusionText(
  conclusion: Conclusion,
  table: readonly Profile[],
  inForce: { readonly delayMs: number },
): string[] {
  return [
    verdict(conclusion),
    ...fits(conclusion, table),
    ...whatToSet(conclusion, inForce),
    ...remedy(conclusion),
  ]
}

function verdict(conclusion: Conclusion): string {
  const { atLeastMs } = conclusion
  const remembered = atLeastMs === null ? 'No silence' : `A silence of ${age(atLeastMs)}`
  switch (conclusion.kind) {
    case 'limit': {
      const lessThan = age(conclusion.lessThanMs)
      if (conclusion.early) {
        return (
          `${remembered} was remembered, and after ${lessThan} connections were reset before anything was sent: ` +
          'the path, or the far end itself, resets what is idle for that long.'
        )
      }
      return `${remembered} was remembered, and one of ${lessThan} was forgotten: the limit lies between. ${thens[conclusion.meets]}`
    }
    case 'none':
      return `Everything was remembered, up to ${remembered.toLowerCase()}: the limit of this path, if it has one, is longer.`
    case 'closes':
      return (
        `The far end closes an idle connection after ${closing(conclusion)}: the server, or something of layer 7 before it. ` +
        `More cannot be seen with it. ${atLeastMs === null ? 'No probe was answered before that.' : `Up to then the path remembers: the longest silence whose probe was answered was ${age(atLeastMs)}.`}`
      )
    case 'mixed':
      return (
        `A silence of ${age(conclusion.lessThanMs)} was forgotten, and a longer one was remembered: there is more than one path, ` +
        `or something forgets when it is full. ${remembered} was remembered, and no shorter one was forgotten.`
      )
    case 'swallowed':
      return conclusion.afterMs === 0
        ? 'Probes are not answered here, not even after 2 s, though the connection was accepted: something on the path swallows them. Nothing can be measured with them, and they keep nothing alive.'
        : `Probes were answered at first, and no more after ${age(conclusion.afterMs)}, though new connections open: something on the path swallows them after a while. Do not count on them here.`
    case 'speaks':
      return 'The far end keeps sending by itself, so that no silence could be measured, and while it does, no path forgets.'
    case 'unknown':
      return 'Nothing was witnessed from which a limit follows.'
  }
}

function closing({ closesFromMs, closesToMs }: Conclusion & { kind: 'closes' }): string {
  const [from, to] = [age(closesFromMs), age(closesToMs)]
  return from === to ? to : `${from} to ${to}`
}

function fits(conclusion: Conclusion, table: readonly Profile[]): string[] {
  if (conclusion.kind !== 'limit' && conclusion.kind !== 'closes') return []
  const fit = fitting(conclusion, table)
  if (fit.length === 0) {
    return conclusion.kind === 'limit'
      ? [
          'No middlebox in the table has such a default: it is one that was configured, or another one.',
        ]
      : []
  }
  return [
    `With that fit: ${fit.map(({ id, limitSeconds }) => `${id} (${limitSeconds} s)`).join(', ')}.`,
  ]
}

function whatToSet(conclusion: Conclusion, { delayMs }: { readonly delayMs: number }): string[] {
  const seconds = limitToSet(conclusion)
  if (seconds === null) {
    return conclusion.kind === 'limit'
      ? [
          'That is too short for keepalive probes, of which the kernel sends one a second at most: use another path.',
        ]
      : []
  }
  const own = scheduleFor(seconds * 1_000)
  const schedule = `the first probe then goes out after ${age(own.delayMs)}`
  const suits = delayMs < seconds * 1_000
  return [
    `Set: NAT_KEEPALIVE_LIMIT=${seconds}s (${schedule}). ` +
      (suits
        ? `The delay in force here, ${age(delayMs)}, is below the limit already.`
        : `The delay in force here, ${age(delayMs)}, is too long for this path.`),
  ]
}

function remedy({ kind }: Conclusion): string[] {
  if (kind === 'closes' || kind === 'speaks') {
    return [
      'To see more, run `nat-keepalive measure --serve PORT` at the far end and measure against that, ' +
        'or choose a port whose server waits. And let clients close their idle connections sooner than the far end does.',
    ]
  }
  if (kind === 'swallowed') {
    return [
      'Only data of the application keeps a connection alive here: pings of the protocol (WebSocket, HTTP/2, a database), or answers that begin early.',
    ]
  }
  return []
}
