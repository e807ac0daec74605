import { channel } from 'node:diagnostics_channel'
import type { Messages } from './messages'

/** A diagnostics channel whose messages have a type; it tells nothing while nobody listens. */
export interface MessageChannel<Message> {
  readonly name: string | symbol
  readonly hasSubscribers: boolean
  subscribe(listener: (message: Message, name: string | symbol) => void): void
  unsubscribe(listener: (message: Message, name: string | symbol) => void): void
  publish(message: Message): void
}

export type Channels = { readonly [Name in keyof Messages]: MessageChannel<Messages[Name]> }

function named<Name extends keyof Messages>(name: Name): MessageChannel<Messages[Name]> {
  return channel(`nat-keepalive:${name}`) as MessageChannel<Messages[Name]>
}

/** The diagnostics channels of the package; a message costs nothing while nobody listens. */
export const channels: Channels = {
  protect: named('protect'),
  override: named('override'),
  idle: named('idle'),
  dying: named('dying'),
  lost: named('lost'),
  kernel: named('kernel'),
}
