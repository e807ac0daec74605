import type { Learned } from '../judge/idle-ages'
import type { Config } from '../settings/config'
import { formatDuration } from '../settings/duration'
import type { Finding } from './finding'
import { rounded } from './words'

/** Connections to one destination die again and again of an idle time below the limit in force. */
export function learnedFinding(learned: Learned, { limitMs }: Config): Finding {
  const { destination, count, maxIdleMs } = learned
  return {
    code: 'NKA301',
    text:
      `${count} connections to ${destination} died after ${spanText(learned)} idle, though the limit ` +
      `in force is ${formatDuration(limitMs)}: that of this path seems to be nearer ${rounded(maxIdleMs)}. ` +
      `Measure it ("nat-keepalive measure ${destination}"), and set NAT_KEEPALIVE_LIMIT to what that ` +
      'finds. Nothing was changed.',
    data: { ...learned, learned: true, limitMs },
  }
}

/** An idle time between two bounds, in words. */
export function spanText({
  minIdleMs,
  maxIdleMs,
}: Pick<Learned, 'minIdleMs' | 'maxIdleMs'>): string {
  const [least, most] = [rounded(minIdleMs), rounded(maxIdleMs)]
  return least === most ? most : `${least} to ${most}`
}
