import { setTimeout as sleep } from 'node:timers/promises'

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
  const row = table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => portOf(local) === localPort && portOf(remote) === remotePort)
  const column = row?.[5]
  const match = /^([0-9A-F]{2}):([0-9A-F]{8})$/.exec(column ?? '')
  if (column === undefined || match === null) {
    return unknown(null, "the connection is not in the kernel's table")
  }
  const [, timer = '', when = ''] = match
  if (timer === '00') return { armed: false, nextTimerMs: null, column, why: null }
  if (timer !== '02') return unknown(column, 'data is on its way, which hides the keepalive timer')
  // In units of USER_HZ, a hundredth of a second.
  return { armed: true, nextTimerMs: Number.parseInt(when, 16) * 10, column, why: null }
}

function unknown(column: string | null, why: string): ProbeTimer {
  return { armed: null, nextTimerMs: null, column, why }
}

function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(':')[1] ?? '', 16)
}
