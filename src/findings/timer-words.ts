import type { ClientTimer } from '../connections/client-timer'
import { formatDuration } from '../settings/duration'

/** What a timer of the client is called, and where it is set, in a sentence. */
export function timerWords(timer: ClientTimer | null): { name: string; where: string } {
  const { kind = 'other', ms = null } = timer ?? {}
  switch (kind) {
    case 'headers':
      return {
        name: 'its timer headersTimeout (5m in fetch unless it is set), the longest wait for the beginning of an answer',
        where:
          'Raise headersTimeout of the Agent that is its dispatcher (for fetch by setGlobalDispatcher), or let the answer begin sooner.',
      }
    case 'body':
      return {
        name: 'its timer bodyTimeout (5m in fetch unless it is set), the longest pause within an answer',
        where:
          'Raise bodyTimeout of the Agent that is its dispatcher (for fetch by setGlobalDispatcher), or send something within it.',
      }
    case 'signal':
      return {
        name: 'AbortSignal.timeout() of the program',
        where: 'Give it more time than the longest answer takes.',
      }
    case 'socket':
      return {
        name: `the timeout of its socket${ms === null ? '' : `, ${formatDuration(ms)}`} (socket.setTimeout, or the option timeout of a client)`,
        where: 'Raise that timeout above the longest wait.',
      }
    default:
      return {
        name: 'a timer of its own, of which no more is known',
        where: "Raise the client's timeout above the longest wait.",
      }
  }
}
