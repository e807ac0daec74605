import { type Death, type DeathGroup, type Fit, isProtected } from '../judge/deaths'
import type { Config } from '../settings/config'
import { formatDuration } from '../settings/duration'
import { connections, rounded } from './words'

/** The end of one connection in a sentence. */
export function endText({ destination, end, code, maxIdleMs }: Death): string {
  const how = code === null ? end : `${end}, ${code}`
  return `A connection to ${destination} ended (${how}) after ${rounded(maxIdleMs)} idle.`
}

/** What the findings of connections that were lost share: how many, where to, and how long idle. */
export function lostWords({ deaths }: DeathGroup) {
  const [{ destination }] = deaths as readonly [DeathGroup['deaths'][number]]
  const minIdleMs = Math.min(...deaths.map((death) => death.minIdleMs))
  const maxIdleMs = Math.max(...deaths.map((death) => death.maxIdleMs))
  const [least, most] = [rounded(minIdleMs), rounded(maxIdleMs)]
  return {
    seen: `${connections(deaths.length)} to ${destination}`,
    were: deaths.length === 1 ? 'was' : 'were',
    idle: `${least === most ? most : `${least} to ${most}`} idle`,
    request: deaths.find((death) => death.request !== null)?.request ?? null,
  }
}

/** The same facts for machines. */
export function lostData({ deaths, fits }: DeathGroup, { limitMs }: Config) {
  const [death] = deaths as readonly [DeathGroup['deaths'][number]]
  const { destination, end, code, sent, decision, opener } = death
  const { request } = lostWords({ deaths } as DeathGroup)
  return {
    destination,
    count: deaths.length,
    end,
    error: code,
    sent,
    idleMs: Math.max(...deaths.map((one) => one.maxIdleMs)),
    minIdleMs: Math.min(...deaths.map((one) => one.minIdleMs)),
    fits,
    protected: isProtected(death, limitMs),
    schedule:
      decision.action === 'protect'
        ? {
            delayMs: decision.delayMs,
            intervalMs: decision.intervalMs,
            probes: decision.probes,
          }
        : null,
    timer: death.timer,
    stillMs: Math.min(...deaths.map((one) => one.stillMs)),
    recurs: deaths.at(-1)?.recurs ?? null,
    waits: deaths.some((one) => one.waits),
    request,
    opener,
    limitMs,
  }
}

/** The limits of a path, with those who have them. */
export function limitsText(fits: readonly Fit[]): string {
  return fits
    .map(({ limitMs, middleboxes: [first, ...others] }) => {
      const more = others.length === 0 ? '' : ` and ${others.length} more`
      return `${formatDuration(limitMs)} (${first === undefined ? 'the limit that is set' : `${first}${more}`})`
    })
    .join(' or ')
}
