import { versionTakesInterval } from '../../hook/keepalive'
import type { Outcome } from './check'
import type { Machine } from './machine'
import { endOfLife, holes, satisfies } from './node-releases'

export const id = 'node'
export const title = 'This Node'

/** What Node arms by itself, what it can set, what it is known not to do, and how old it is. */
export function run({ node, now, native }: Machine): Outcome {
  const interval = versionTakesInterval(node)
  const able = interval || native.known
  const present = holes.filter(({ range }) => satisfies(node, range))
  const end = endOfLife[Number.parseInt(node, 10)] ?? null
  const ended = end !== null && now.toISOString().slice(0, 10) > end
  const seen = [
    `Node ${node} by itself probes fetch after 60 s and pooled http connections after 1 s; raw net and tls connections, http2 and requests without an agent have no keepalive.`,
    probes(interval, native),
    ...present.map(({ text }) => `It ${text}.`),
    age(end, ended),
  ]
  return {
    verdict: present.length > 0 || ended || end === null || !able ? 'advice' : 'ok',
    seen: seen.join(' '),
    action: advise(able, present.length, ended),
    data: {
      node,
      takesInterval: interval,
      native: native.known,
      holes: present,
      endOfLife: end,
      ended,
    },
  }
}

/** How the interval and the count of the probes get onto a socket. */
function probes(interval: boolean, native: Machine['native']): string {
  if (interval) return 'It sets interval and count of the probes.'
  return native.known
    ? 'It cannot set interval and count of the probes (1 s and 10): the native part does.'
    : `Interval and count of the probes cannot be set: they are 1 s and 10, and there is no native part: ${native.why}.`
}

function age(end: string | null, ended: boolean): string {
  if (end === null) return 'When it reaches its end of life is not known here.'
  return ended ? `Its end of life was ${end}.` : `Its end of life is ${end}.`
}

function advise(able: boolean, holeCount: number, ended: boolean): string | null {
  const until = holeCount > 0 ? '; until then, the hook closes what it leaves open' : ''
  if (ended) return `Move to Node 24.19, 26.4 or newer: this one gets no more fixes${until}.`
  if (!able)
    return `Let the native part load, or move to Node 24.19, 26.4 or newer, where probes can be spaced${until}.`
  return holeCount > 0 ? 'Start programs with the hook, which closes what Node leaves open.' : null
}
