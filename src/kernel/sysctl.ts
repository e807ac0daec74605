import { quoted } from '../process/printable'
import type { ProcFs, Reading } from './proc-fs'

/** The keepalive defaults of a network namespace, tcp(7). */
export interface KeepaliveSysctls {
  /** net.ipv4.tcp_keepalive_time: seconds idle before the first probe. */
  readonly timeSeconds: number
  /** net.ipv4.tcp_keepalive_intvl: seconds between probes. */
  readonly intervalSeconds: number
  /** net.ipv4.tcp_keepalive_probes: unanswered probes before the connection is given up. */
  readonly probes: number
}

/** A sysctl that holds one positive integer; null for anything else. */
export function parseSysctl(text: string): number | null {
  const match = /^\s*([1-9]\d{0,9})\s*$/.exec(text)
  return match === null ? null : Number(match[1])
}

/** The three values of the process's own network namespace (they also rule IPv6). Never throws. */
export function readKeepaliveSysctls(proc: ProcFs): Reading<KeepaliveSysctls> {
  const values: number[] = []
  for (const name of ['time', 'intvl', 'probes']) {
    const path = `sys/net/ipv4/tcp_keepalive_${name}`
    const text = proc.read(path)
    if (!text.known) return text
    const value = parseSysctl(text.value)
    if (value === null) {
      const shown = quoted(text.value.slice(0, 40))
      return { known: false, why: `/proc/${path} holds ${shown}, which is not a positive integer` }
    }
    values.push(value)
  }
  const [timeSeconds, intervalSeconds, probes] = values as [number, number, number]
  return { known: true, value: { timeSeconds, intervalSeconds, probes } }
}
