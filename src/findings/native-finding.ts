import { destinationOf } from '../connections/endpoint'
import type { ForeignGroup } from '../judge/native-groups'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { connections } from './words'

/** Connections that could not be given a schedule. */
export interface BareGroup extends ForeignGroup {
  /** Why not. */
  readonly why: string
  /** The addons that are loaded, one of which may hold them. */
  readonly addons: readonly string[]
}

/** Connections that the hook does not know to one destination, and that would not survive idleness. */
export function foreignFinding(
  { remote, sockets, why, addons }: BareGroup,
  config: Config,
): Finding {
  const destination = destinationOf({ host: remote.address, port: remote.port })
  const count = sockets.length
  const reason = sockets[0]?.judged.reason ?? ''
  const { delayMs, intervalMs, probes } = config
  const isNative = sockets.every(({ holder }) => holder === 'native')
  const it = count === 1 ? 'it' : 'them'
  const who = isNative
    ? `Native code opened ${it}`
    : `Who opened ${it} is not known: native code, or a worker thread, or what started this process`
  const loaded = addons.length === 0 ? '' : ` (loaded: ${addons.join(', ')})`
  const where = isNative ? "in that library's own settings" : 'where that is done'
  return {
    code: 'NKA203',
    text:
      `${connections(count)} to ${destination} ${count === 1 ? 'has' : 'have'} no useful keepalive. ` +
      `${reason} ${who}${loaded}, and the hook could not protect ${it}: ${why}. Switch keepalive on ` +
      `${where}, and let the kernel probe in time: ` +
      `net.ipv4.tcp_keepalive_time=${delayMs / 1_000}, tcp_keepalive_intvl=${intervalMs / 1_000}, ` +
      `tcp_keepalive_probes=${probes}.`,
    data: {
      destination,
      count,
      reason,
      why,
      addons,
      holder: isNative ? 'native' : null,
      limitMs: config.limitMs,
    },
  }
}
