import type { ForeignSocket } from '../judge/native-sockets'
import { errorName, LEAVE, loadNative } from '../kernel/native'
import { SocketFacts } from '../kernel/socket-facts'
import type { Config } from '../settings/config'

/** Null: it has the schedule now. Else why it could not be given one. */
export type Refusal = string | null

/**
 * Puts the schedule on a connection of native code, in place. What its library set and is good stays:
 * a first probe and an interval before the limit, and a user timeout.
 */
export function armForeign(socket: ForeignSocket, config: Config): Refusal {
  if (config.foreign !== 'protect') return `NAT_KEEPALIVE_FOREIGN is ${config.foreign}`
  const native = loadNative(config.native)
  if (!native.known) return native.why
  const part = native.value
  const facts = new SocketFacts()
  // The library may have closed it, and opened another in its place.
  const fd = socket.fds.find((one) => facts.read(part, one) === 0 && isSame(facts, socket))
  if (fd === undefined) return 'its descriptor is gone'
  const { keepalive, idleSeconds, intervalSeconds } = facts
  const inTime = (seconds: number) => keepalive && seconds * 1_000 < config.limitMs
  const bySysctl = config.mode === 'kernel'
  const good = bySysctl || inTime(idleSeconds)
  const [idle, interval, probes] = good
    ? [LEAVE, bySysctl || inTime(intervalSeconds) ? LEAVE : config.intervalMs / 1_000, LEAVE]
    : [config.delayMs / 1_000, config.intervalMs / 1_000, config.probes]
  const result = part.setKeepalive(fd, 1, idle, interval, probes, LEAVE)
  if (result < 0) return `the kernel refused it (${errorName(result)})`
  const isOn = facts.read(part, fd) === 0 && facts.keepalive
  return isOn ? null : 'it did not stay on'
}

function isSame(facts: SocketFacts, { remote, local }: ForeignSocket): boolean {
  return (
    facts.remotePort === remote.port &&
    facts.localPort === local.port &&
    facts.remoteAddress === remote.address
  )
}
