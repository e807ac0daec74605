import type { NativePart } from '../kernel/native'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import { socketDump } from '../kernel/socket-dump'
import { CONNECTED_STATES } from '../kernel/tcp-states'
import { type Pid, tcpTable } from '../kernel/tcp-table'
import { atOnce } from '../process/steps'
import { lineOfRecord, lineOfSocket, type TableLine } from './table-line'

/** The TCP sockets of one network namespace, read once for all of its processes. */
export interface NamespaceTable {
  readonly source: 'sock_diag' | 'proc'
  /** Connections by their inodes: established, about to be, or half closed. */
  readonly lines: ReadonlyMap<number, TableLine>
  /** The local ports on which somebody listens: a connection on one of them is inbound. */
  readonly listening: ReadonlySet<number>
  /** Lines or messages that could not be understood. */
  readonly skipped: number
}

/**
 * Reads the table of the network namespace that `pid` is in: by sock_diag where that is this
 * process's own (`own`) and there is a native part, else from /proc. Never throws.
 */
export function readNamespaceTable(
  proc: ProcFs,
  pid: Pid,
  part: NativePart | null,
  own: boolean,
): Reading<NamespaceTable> {
  const dumped = own && part !== null ? dumpTable(part) : null
  return dumped?.known ? dumped : procTable(proc, pid)
}

function dumpTable(part: NativePart): Reading<NamespaceTable> {
  const lines = new Map<number, TableLine>()
  const listening = new Set<number>()
  const scan = atOnce(
    socketDump(part, [...CONNECTED_STATES, 'listen'], (record) => {
      if (record.state === 'listen') listening.add(record.localPort)
      else if (record.inode !== 0) lines.set(record.inode, lineOfRecord(record))
    }),
  )
  if (!scan.known) return scan
  const { skipped } = scan.value
  return { known: true, value: { source: 'sock_diag', lines, listening, skipped } }
}

function procTable(proc: ProcFs, pid: Pid): Reading<NamespaceTable> {
  const lines = new Map<number, TableLine>()
  const listening = new Set<number>()
  const scan = atOnce(
    tcpTable(proc, pid, {
      wanted: (_port, inode, state) =>
        state === 'listen' || (inode !== 0 && CONNECTED_STATES.includes(state)),
      visit(socket) {
        if (socket.state === 'listen') listening.add(socket.localPort)
        else lines.set(socket.inode, lineOfSocket(socket))
      },
    }),
  )
  if (!scan.known) return scan
  return { known: true, value: { source: 'proc', lines, listening, skipped: scan.value.skipped } }
}

/** Whether somebody connected to this machine, as far as can be told. */
export function isInbound({ local }: TableLine, { listening }: NamespaceTable): boolean {
  return listening.has(local.port)
}
