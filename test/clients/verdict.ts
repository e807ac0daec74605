import { parseConfig } from '../../src/settings/config'
import type { SocketOptions } from '../oracle/options-of-process'
import type { Case } from './cases'
import { type Look, moments, type Performance } from './perform'

/** A case without the hook and with it. */
export interface Result {
  readonly one: Case
  readonly without: Performance
  readonly hooked: Performance
}

type Options = Pick<SocketOptions, 'on' | 'idle' | 'interval' | 'count'>

const { delayMs, limitMs } = parseConfig({}).config

/** The longest idle time before a first probe that the hook leaves, in seconds. */
export const CAP_SECONDS = delayMs / 1_000

/** Whether the first probe comes before a middlebox forgets, by the limit that holds by default. */
export function isInTime({ on, idle }: Options): boolean {
  return on && idle * 1_000 < limitMs
}

/** What is wrong with a case, in sentences; nothing where every connection is protected. */
export function holes({ without, hooked }: Result): string[] {
  const found = [
    ...without.failures.map((text) => `without the hook: ${text}`),
    ...hooked.failures.map((text) => `with the hook: ${text}`),
  ]
  for (const moment of moments) {
    const before = without.looks[moment]
    const after = hooked.looks[moment]
    if (after === undefined) {
      if (before !== undefined) found.push(`${moment}: nobody looked with the hook`)
      continue
    }
    for (const [target, sockets] of Object.entries(after)) {
      const where = `${moment}, ${target}`
      if (sockets.length === 0 && moment !== 'pool') found.push(`${where}: there is no connection`)
      found.push(
        ...unprotected(sockets, ownIdleTimes(before, target)).map((text) => `${where}: ${text}`),
      )
    }
  }
  if (hooked.looks['5 s'] === undefined) found.push('nobody looked at the connections')
  return found
}

/**
 * The idle times that the program itself asked for, which the hook has to keep: what is found without
 * it where that is short enough on every connection, else null.
 */
function ownIdleTimes(before: Look | undefined, target: string): ReadonlySet<number> | null {
  const sockets = before?.[target] ?? []
  const kept = sockets.length > 0 && sockets.every(({ on, idle }) => on && idle <= CAP_SECONDS)
  return kept ? new Set(sockets.map(({ idle }) => idle)) : null
}

function unprotected(sockets: readonly SocketOptions[], own: ReadonlySet<number> | null): string[] {
  return sockets.flatMap((socket) => {
    const seen = inWords(socket)
    if (!socket.on) return ['keepalive is off with the hook']
    if (socket.idle > CAP_SECONDS) return [`the hook leaves ${seen}`]
    if (own === null || own.has(socket.idle)) return []
    return [`the hook leaves ${seen} where the program has ${[...own].join(' or ')} s`]
  })
}

/** `off`, or the idle time, the interval and the number of probes. */
export function inWords({ on, idle, interval, count }: Options): string {
  return on ? `${idle}/${interval}/${count}` : 'OFF'
}
