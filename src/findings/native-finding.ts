import { destinationOf } from '../connections/endpoint'
import type { ForeignGroup } from '../judge/native-groups'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { connections } from './words'

/** Connections that the hook does not know to one destination, and that would not survive idleness. */
export function foreignFinding({ remote, sockets }: ForeignGroup, config: Config): Finding {
  const destination = destinationOf({ host: remote.address, port: remote.port })
  const count = sockets.length
  const reason = sockets[0]?.judged.reason ?? ''
  const { delayMs, intervalMs, probes } = config
  const isNative = sockets.every(({ holder }) => holder === 'native')
  const it = count === 1 ? 'it' : 'them'
  const whose = isNative
    ? `The hook does not reach ${it}: native code opened ${it}. Switch keepalive on in that library's own settings`
    : `Who opened ${it} is not known: native code, or a worker thread, or what started this process. ` +
      `Switch keepalive on where that is done`
  return {
    code: 'NKA203',
    text:
      `${connections(count)} to ${destination} ${count === 1 ? 'has' : 'have'} no useful keepalive. ` +
      `${reason} ${whose}, and let the kernel probe in time: ` +
      `net.ipv4.tcp_keepalive_time=${delayMs / 1_000}, tcp_keepalive_intvl=${intervalMs / 1_000}, ` +
      `tcp_keepalive_probes=${probes}.`,
    data: {
      destination,
      count,
      reason,
      holder: isNative ? 'native' : null,
      limitMs: config.limitMs,
    },
  }
}
