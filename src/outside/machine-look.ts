import type { NativePart } from '../kernel/native'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import { socketFds } from '../kernel/socket-fds'
import { type KeepaliveSysctls, readKeepaliveSysctls } from '../kernel/sysctl'
import { atOnce } from '../process/steps'
import { type NamespaceTable, readNamespaceTable } from './namespace-table'

/** The descriptors of one process, and the network namespace that it is in. */
export interface Descriptors {
  readonly pid: number
  /** Null where the link may not be read. */
  readonly namespace: string | null
  /** By inode. */
  readonly fds: ReadonlyMap<number, readonly number[]>
}

/** The tables of the network namespaces, each read once: one look. */
export class MachineLook {
  readonly #proc: ProcFs
  readonly #part: NativePart | null
  readonly #tables = new Map<string, Reading<NamespaceTable>>()
  readonly #own: string | null

  constructor(proc: ProcFs, part: NativePart | null) {
    this.#proc = proc
    this.#part = part
    this.#own = this.#namespaceOf('self')
  }

  /** The sockets among the descriptors of a process. */
  descriptors(pid: number): Reading<Descriptors> {
    const sockets = atOnce(socketFds(this.#proc, pid))
    if (!sockets.known) return sockets
    const fds = new Map<number, number[]>()
    for (const { fd, inode } of sockets.value) {
      const among = fds.get(inode)
      if (among === undefined) fds.set(inode, [fd])
      else among.push(fd)
    }
    return { known: true, value: { pid, namespace: this.#namespaceOf(pid), fds } }
  }

  /** The table of the network namespace of a process. */
  tableOf({ pid, namespace }: Descriptors): Reading<NamespaceTable> {
    // Where the namespace may not be seen, it is taken for one of its own.
    const key = namespace ?? `pid ${pid}`
    return this.#table(key, pid)
  }

  /** The table of this process's own network namespace. */
  ownTable(): Reading<NamespaceTable> {
    return this.#table(this.#own ?? 'self', 'self')
  }

  isOwn({ namespace }: Descriptors): boolean {
    return namespace === this.#own
  }

  /** The sysctls of a network namespace can only be read from within it. */
  sysctlsOf({ pid, namespace }: Descriptors): Reading<KeepaliveSysctls> {
    if (namespace !== null && this.#own !== null && namespace !== this.#own) {
      return { known: false, why: `process ${pid} is in another network namespace` }
    }
    return readKeepaliveSysctls(this.#proc)
  }

  #table(key: string, pid: number | 'self'): Reading<NamespaceTable> {
    const known = this.#tables.get(key)
    if (known !== undefined) return known
    const own = pid === 'self' || key === this.#own
    const table = readNamespaceTable(this.#proc, pid, this.#part, own)
    this.#tables.set(key, table)
    return table
  }

  #namespaceOf(pid: number | 'self'): string | null {
    const link = this.#proc.link(`${pid}/ns/net`)
    return link.known ? link.value : null
  }
}
