import type { NativePart } from './native'
import type { SocketFacts } from './socket-facts'

/** The options of keepalive as the kernel has them on a socket. */
export interface SocketOptions {
  readonly keepalive: boolean
  /** In milliseconds, as are the others. */
  readonly delayMs: number
  readonly intervalMs: number
  readonly probes: number
  /** TCP_USER_TIMEOUT; null: none. */
  readonly userTimeoutMs: number | null
}

/** Reads the options by a descriptor of this process, with `facts` to be used again; null: not to be had. */
export function readOptions(
  part: NativePart,
  facts: SocketFacts,
  fd: number,
): SocketOptions | null {
  return fd < 0 || facts.read(part, fd) < 0 ? null : optionsOf(facts)
}

/** The options among the facts that were read. */
export function optionsOf(facts: SocketFacts): SocketOptions {
  const { keepalive, idleSeconds, intervalSeconds, probes, userTimeoutMs } = facts
  return {
    keepalive,
    delayMs: idleSeconds * 1_000,
    intervalMs: intervalSeconds * 1_000,
    probes,
    userTimeoutMs: userTimeoutMs === 0 ? null : userTimeoutMs,
  }
}
