import type { ProcFs } from '../kernel/proc-fs'
import type { TcpState } from '../kernel/tcp-states'
import type { DescriptorReader, DescriptorReading } from './descriptor-reader'
import type { Descriptors } from './machine-look'
import { isInbound, type NamespaceTable } from './namespace-table'
import type { OutsideSocket } from './outside-socket'
import type { Place, TableLine } from './table-line'

/** A connection before it is judged. */
export type FoundSocket = Omit<OutsideSocket, 'judged'>

/** The connections among the descriptors of one process. */
export interface ProcessSockets {
  readonly sockets: readonly FoundSocket[]
  /** Sockets of a kind that is not known, and in no table that can be read here. */
  readonly unplaced: number
  /** Why no descriptor could be duplicated: the name of an error; null where that was possible. */
  readonly refused: string | null
}

/** States in which a socket outside of all tables is no connection, or none any more. */
const UNCONNECTED: readonly (TcpState | undefined)[] = ['close', 'listen', 'time-wait', undefined]

/**
 * Joins the descriptors of a process with the table of its network namespace, and reads the options
 * by duplicated descriptors where that is allowed. What is in no table, because it was made in
 * another network namespace, is known by its descriptor only, or counted.
 */
export function processSockets(
  proc: ProcFs,
  descriptors: Descriptors,
  table: NamespaceTable,
  reader: DescriptorReader | null,
): ProcessSockets {
  const join = (read: (fd: number) => DescriptorReading): ProcessSockets => {
    const sockets: FoundSocket[] = []
    const left: number[] = []
    let refused: string | null = null
    for (const [inode, fds] of descriptors.fds) {
      const line = table.lines.get(inode)
      if (line !== undefined && isInbound(line, table)) continue
      // With one refusal there will be others, and thousands of them take time.
      const seen: DescriptorReading = refused ?? read(fds[0] as number)
      if (typeof seen === 'string' && DENIED.includes(seen)) refused = seen
      const known = typeof seen === 'object' ? seen : null
      if (line !== undefined) sockets.push(joined(line, fds, table, known))
      else if (known !== null) {
        if (!UNCONNECTED.includes(known.line.state)) {
          const { options, times } = known
          const one = { ...known.line, inode, fds, options, times, source: 'descriptor' as const }
          sockets.push(one)
        }
      } else if (refused !== null) left.push(inode)
    }
    return { sockets, unplaced: countUnplaced(proc, descriptors.pid, left), refused }
  }
  const done = reader === null ? NO_PART : reader.within(descriptors.pid, (read) => join(read))
  if (typeof done === 'object') return done
  return join(() => done)
}

const NO_PART = 'there is no native part'

/** Errors that the next descriptor would get as well. */
const DENIED = ['EPERM', 'EACCES', 'ENOSYS', NO_PART]

function joined(
  line: TableLine,
  fds: readonly number[],
  { source }: NamespaceTable,
  seen: Exclude<DescriptorReading, string>,
): FoundSocket {
  // A descriptor can be another socket by now.
  if (seen === null || !same(seen.line.local, line.local) || !same(seen.line.remote, line.remote)) {
    return { ...line, fds, options: null, source }
  }
  return { ...line, fds, options: seen.options, times: seen.times, source: 'descriptor' }
}

function same(a: Place, b: Place): boolean {
  return a.port === b.port && a.address === b.address
}

/** The tables of sockets that are no TCP connection, and where in a line the inode stands. */
const OTHERS: readonly [file: string, column: number][] = [
  ['unix', 6],
  ['netlink', 9],
  ['udp', 9],
  ['udp6', 9],
  ['packet', 8],
  ['raw', 9],
  ['raw6', 9],
  ['icmp', 9],
  ['icmp6', 9],
  ['tcp', 9],
  ['tcp6', 9],
]

function countUnplaced(proc: ProcFs, pid: number, inodes: readonly number[]): number {
  if (inodes.length === 0) return 0
  const left = new Set(inodes)
  for (const [file, column] of OTHERS) {
    const text = proc.read(`${pid}/net/${file}`)
    for (const line of text.known ? text.value.split('\n') : []) {
      left.delete(Number(line.trim().split(/\s+/)[column]))
    }
    if (left.size === 0) break
  }
  return left.size
}
