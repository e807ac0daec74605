import type { Config } from './config'
import type { Profile } from './profile'

/**
 * The middlebox that was chosen, where keepalive probes do not keep a connection through it; null
 * for any other, and where none was chosen. Only who chooses one pays for the table. Never throws.
 */
export function unkeptBy({ profile }: Pick<Config, 'profile'>): Profile | null {
  if (profile === null) return null
  try {
    const { findProfile } = require('./profiles') as typeof import('./profiles')
    const found = findProfile(profile)
    return found === undefined || found.probes === 'count' ? null : found
  } catch {
    // The package was taken away while the program runs.
    return null
  }
}

/** What follows for a connection, as a sentence. */
export function unkeptText({ name, probes }: Profile): string {
  return probes === 'ignored'
    ? `Behind ${name} keepalive probes are answered and reset nothing: only data of the application counts.`
    : `Behind ${name} keepalive probes do not count, and are not answered for long: only data of the application counts.`
}

/** The one thing to do there. */
export const SEND_DATA =
  'Send something within the limit (pings of the protocol, an answer that begins early), or close the connection before it.'
