import { destinationOf } from '../connections/endpoint'
import { overrides } from '../connections/policy'
import type { Entry } from '../connections/registry'
import { channels } from './channels'
import { publish } from './publish'

/** Whether anybody listens to what is decided: asked at each connect. */
export function hasListeners(): boolean {
  return channels.protect.hasSubscribers || channels.override.hasSubscribers
}

/** Tells those who listen what is on a connection, or will be when it is connected. */
export function publishDecision({ id, endpoint, asked, decision }: Entry): void {
  if (!hasListeners() || decision.action === 'leave') return
  const { reason } = decision
  const data = () => ({ id, endpoint, asked, applied: decision, reason })
  if (overrides(decision)) {
    publish(channels.override, () => ({
      code: 'NKA204',
      message: `A call that would have undone the keepalive of the connection to ${destinationOf(endpoint)} was capped (${reason}).`,
      data: data(),
    }))
  } else {
    publish(channels.protect, () => ({
      code: null,
      message: `Keepalive is on the connection to ${destinationOf(endpoint)} (${reason}).`,
      data: data(),
    }))
  }
}
