import type { Channel } from 'node:diagnostics_channel'
import { guarded } from './guarded'

/**
 * Subscribes to a channel on which anybody may publish anything; returns the way to stop it. The
 * function below which the publisher's stack begins is `below`.
 */
export function subscribe(
  channel: Channel,
  onMessage: (message: unknown, below: unknown) => void,
): () => void {
  const listener = guarded(`a message on ${String(channel.name)}`, (message: unknown): void =>
    onMessage(message, listener),
  )
  channel.subscribe(listener)
  return () => {
    channel.unsubscribe(listener)
  }
}
