import { destinationOf, type Endpoint } from '../connections/endpoint'
import { foreignSockets } from '../judge/native-sockets'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import { atOnce } from '../process/steps'

/** Where a process has outbound connections to. */
export interface Destination extends Endpoint {
  readonly connections: number
}

/** The destinations of a running process in any language, the most used first. */
export function destinationsOf(proc: ProcFs, pid: number): Reading<Destination[]> {
  const scan = atOnce(foreignSockets(proc, pid, new Set()))
  if (!scan.known) return scan
  const found = new Map<string, Destination>()
  for (const { remote } of scan.value.sockets) {
    const endpoint = { host: remote.address, port: remote.port }
    const name = destinationOf(endpoint)
    const connections = (found.get(name)?.connections ?? 0) + 1
    found.set(name, { ...endpoint, connections })
  }
  return { known: true, value: [...found.values()].sort((a, b) => b.connections - a.connections) }
}
