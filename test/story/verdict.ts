import type { Case } from './cases'

/** The line a client prints. */
export interface Outcome {
  outcome: 'answered' | 'hung' | 'error'
  code: string | null
  ms: number
  localPort: number | null
  reused: boolean | null
  connections: number
}

export type Expiry = 'reset' | 'drop'

/** What is wrong with the outcome of a case that ran without the hook; null if nothing is. */
export function problemWithout(one: Case, expiry: Expiry, seen: Outcome): string | null {
  if (one.without === 'survives') return problemWith(one, seen)
  const hangs = one.without === 'hung' || expiry === 'drop'
  if (hangs && seen.outcome !== 'hung') return `should have hung: ${JSON.stringify(seen)}`
  if (!hangs && !isDeadConnection(seen)) return `should have been lost: ${JSON.stringify(seen)}`
  return problemOfReuse(one, seen)
}

/** What is wrong with the outcome of a case that ran with the hook; null if nothing is. */
export function problemWith(one: Case, seen: Outcome): string | null {
  if (seen.outcome !== 'answered') return `should have been answered: ${JSON.stringify(seen)}`
  return problemOfReuse(one, seen)
}

const DEAD_CONNECTION = ['ECONNRESET', 'EPIPE', 'WS_CLOSE_1006']

function isDeadConnection({ outcome, code }: Outcome): boolean {
  return outcome === 'error' && code !== null && DEAD_CONNECTION.includes(code)
}

function problemOfReuse(one: Case, seen: Outcome): string | null {
  if (one.mode === 'waiting' || seen.reused) return null
  return `should have used its pooled connection: ${JSON.stringify(seen)}`
}
