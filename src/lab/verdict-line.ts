import { version } from '../process/version'
import type { Ending } from './behind'
import type { Plan } from './plan'

type Counts = Pick<Ending, 'died' | 'requestsLost' | 'gaveUp' | 'closedLate'>

/** `3 connections died, 2 requests were lost; with the hook none.` */
export function sentenceOf(first: Counts, withHook: Counts | null): string {
  if (withHook === null) return `${told(first)}${late(first)}.`
  const both = [first, withHook].map(({ died, requestsLost }) => died + requestsLost)
  const second = both[1] === 0 ? 'none' : told(withHook, both[0] === 0)
  return `${told(first)}${late(first)}; with the hook ${second}.`
}

function told({ died, requestsLost }: Counts, first = true): string {
  const connections = died === 1 ? '1 connection died' : `${died || 'No'} connections died`
  const requests = `${requestsLost} request${requestsLost === 1 ? ' was' : 's were'} lost`
  const text = requestsLost === 0 ? connections : `${connections}, ${requests}`
  return first ? text : text.toLowerCase()
}

function late({ closedLate }: Counts): string {
  if (closedLate === 0) return ''
  return ` (${closedLate} more ${closedLate === 1 ? 'was' : 'were'} forgotten by the NAT before being closed)`
}

/** The result for machines. Times are seconds of the lab. */
export function resultOf(plan: Plan, first: Ending, withHook: Ending | null) {
  const { limitSeconds, scale, expiry, probesEatenAfter } = plan
  return {
    schema: 1,
    version,
    path: { limitSeconds, scale, expiry, probesEatenAfter },
    ...(withHook === null
      ? { result: outcome(first) }
      : { without: outcome(first), with: outcome(withHook) }),
  }
}

function outcome({ code, signal, died, requestsLost, gaveUp, closedLate }: Ending) {
  return { code, signal, died, requestsLost, gaveUp, closedLate }
}
