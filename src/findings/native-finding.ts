import { destinationOf } from '../connections/endpoint'
import type { ForeignGroup } from '../judge/native-groups'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { connections } from './words'

/** Connections of native code to one destination that would not survive idleness. */
export function foreignFinding({ remote, sockets }: ForeignGroup, config: Config): Finding {
  const destination = destinationOf({ host: remote.address, port: remote.port })
  const count = sockets.length
  const reason = sockets[0]?.judged.reason ?? ''
  const { delayMs, intervalMs, probes } = config
  return {
    code: 'NKA203',
    text:
      `${connections(count)} to ${destination} ${count === 1 ? 'has' : 'have'} no useful keepalive. ` +
      `${reason} The hook does not know ${count === 1 ? 'it' : 'them'}: native code opened ` +
      `${count === 1 ? 'it' : 'them'}, or another thread or process. Switch keepalive on in ` +
      "that library's own settings, and let the kernel probe in time: " +
      `net.ipv4.tcp_keepalive_time=${delayMs / 1_000}, tcp_keepalive_intvl=${intervalMs / 1_000}, ` +
      `tcp_keepalive_probes=${probes}.`,
    data: { destination, count, reason, limitMs: config.limitMs },
  }
}
