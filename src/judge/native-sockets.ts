import { type KernelWord, kernelWord } from '../kernel/kernel-word'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import { type SocketFd, socketFds } from '../kernel/socket-fds'
import type { TcpSocket, TcpVisitor } from '../kernel/tcp-line'
import { CONNECTED_STATES, type TcpState } from '../kernel/tcp-states'
import { type Pid, type TcpScan, tcpTable } from '../kernel/tcp-table'
import type { Steps } from '../process/steps'

/** An outbound connection that a process holds without the hook knowing of it. */
export interface ForeignSocket {
  readonly inode: number
  readonly fds: readonly number[]
  readonly local: { readonly address: string; readonly port: number }
  readonly remote: { readonly address: string; readonly port: number }
  readonly state: TcpState
  readonly word: KernelWord
}

/** What a look at the descriptors of a process found. */
export interface ForeignScan {
  readonly sockets: readonly ForeignSocket[]
  /** Every socket that was looked at, of any kind. */
  readonly inodes: ReadonlySet<number>
  /** Lines of the table that could not be understood. */
  readonly skipped: number
}

/**
 * Finds the outbound TCP connections among the descriptors of a process, but for those in `skip`.
 * Inbound ones are told apart by their local port, on which somebody in the network namespace
 * listens, or this process did before: `listened` has those ports, and gets the ones that are seen
 * now. Otherwise they look outbound. Where the sockets are not `worth` it, the table is not read and
 * the answer is null.
 */
export function foreignSockets(
  proc: ProcFs,
  pid: Pid,
  skip: ReadonlySet<number>,
  listened?: Set<number>,
): Steps<Reading<ForeignScan>>
export function foreignSockets(
  proc: ProcFs,
  pid: Pid,
  skip: ReadonlySet<number>,
  listened: Set<number>,
  worth: (inodes: ReadonlySet<number>) => boolean,
): Steps<Reading<ForeignScan | null>>
export function* foreignSockets(
  proc: ProcFs,
  pid: Pid,
  skip: ReadonlySet<number>,
  listened = new Set<number>(),
  worth: (inodes: ReadonlySet<number>) => boolean = () => true,
): Steps<Reading<ForeignScan | null>> {
  const fds = yield* socketFds(proc, pid, skip)
  if (!fds.known) return fds
  const finder = new Finder(fds.value, listened)
  if (!worth(finder.inodes)) return { known: true, value: null }
  // Most processes of a machine have no socket, and the table takes milliseconds.
  if (finder.inodes.size === 0) return finder.found({ known: true, value: NOTHING_READ })
  return finder.found(yield* tcpTable(proc, pid, finder))
}

const NOTHING_READ: TcpScan = { lines: 0, skipped: 0 }

class Finder implements TcpVisitor {
  readonly inodes: ReadonlySet<number>
  readonly #fds = new Map<number, number[]>()
  readonly #listening = new Set<number>()
  /** It can hold every port there is, and no more. */
  readonly #listened: Set<number>
  readonly #lines: TcpSocket[] = []

  constructor(sockets: readonly SocketFd[], listened: Set<number>) {
    for (const { fd, inode } of sockets) {
      const fds = this.#fds.get(inode)
      if (fds === undefined) this.#fds.set(inode, [fd])
      else fds.push(fd)
    }
    this.inodes = new Set(this.#fds.keys())
    this.#listened = listened
  }

  wanted(_localPort: number, inode: number, state: TcpState): boolean {
    return state === 'listen' || this.inodes.has(inode)
  }

  visit(line: TcpSocket): void {
    if (line.state !== 'listen') this.#lines.push(line)
    else if (this.inodes.has(line.inode)) this.#listened.add(line.localPort)
    else this.#listening.add(line.localPort)
  }

  found(scan: Reading<TcpScan>): Reading<ForeignScan> {
    if (!scan.known) return scan
    const sockets = this.#lines
      .filter(
        ({ state, localPort }) =>
          CONNECTED_STATES.includes(state) &&
          !this.#listening.has(localPort) &&
          !this.#listened.has(localPort),
      )
      .map((line) => ({
        inode: line.inode,
        fds: this.#fds.get(line.inode) ?? [],
        local: { address: line.localAddress, port: line.localPort },
        remote: { address: line.remoteAddress, port: line.remotePort },
        state: line.state,
        word: kernelWord(line),
      }))
    return { known: true, value: { sockets, inodes: this.inodes, skipped: scan.value.skipped } }
  }
}
