import { setTimeout as sleep } from 'node:timers/promises'
import { parseTcpLine } from '../kernel/tcp-line'

/** What the kernel's socket table says of one connection. */
export interface ProbeTimer {
  /** Whether the kernel sends keepalive probes on it; null where that is not known. */
  readonly armed: boolean | null
  /** Until the next probe. */
  readonly nextTimerMs: number | null
  /** The column `tr:tm->when` as it stands in the table. */
  readonly column: string | null
  /** Why something is not known. */
  readonly why: string | null
}

export type ReadTable = () => Promise<
  { known: true; value: string } | { known: false; why: string }
>

const lookEveryMs = 50
const lookForMs = 3000

/**
 * Looks in /proc/net/tcp (proc(5)) for the connection with these ports, again while unacknowledged
 * data hides its keepalive timer.
 */
export async function readProbeTimer(
  read: ReadTable,
  localPort: number,
  remotePort: number,
): Promise<ProbeTimer> {
  const deadline = Date.now() + lookForMs
  for (;;) {
    const table = await read()
    if (!table.known) return unknown(null, table.why)
    const word = parseProbeTimer(table.value, localPort, remotePort)
    if (word.armed !== null || Date.now() > deadline) return word
    await sleep(lookEveryMs)
  }
}

/** Reads one connection from the text of /proc/net/tcp. Pure. */
export function parseProbeTimer(table: string, localPort: number, remotePort: number): ProbeTimer {
  for (const line of table.split('\n')) {
    const socket = parseTcpLine(line)
    if (socket?.localPort !== localPort || socket.remotePort !== remotePort) continue
    const column = line.trim().split(/\s+/)[5] ?? null
    const { timer, whenMs } = socket
    if (timer === 'none') return { armed: false, nextTimerMs: null, column, why: null }
    if (timer === 'keepalive') return { armed: true, nextTimerMs: whenMs, column, why: null }
    return unknown(column, 'data is on its way, which hides the keepalive timer')
  }
  return unknown(null, "the connection is not in the kernel's table")
}

function unknown(column: string | null, why: string): ProbeTimer {
  return { armed: null, nextTimerMs: null, column, why }
}
