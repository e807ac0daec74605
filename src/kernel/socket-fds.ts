import type { Steps } from '../process/steps'
import { type CodedReading, notKnown, type ProcFolder, type ProcFs, type Reading } from './proc-fs'
import type { Pid } from './tcp-table'

/** A descriptor of a process that is a socket of any kind. */
export interface SocketFd {
  readonly fd: number
  readonly inode: number
}

const NONE: ReadonlySet<number> = new Set()

/** The inode in a link of /proc/PID/fd, proc(5); null if it is not a socket. */
export function parseSocketLink(link: string): number | null {
  const match = /^socket:\[(\d{1,15})\]$/.exec(link)
  return match === null ? null : Number(match[1])
}

/** The sockets among the descriptors of a process, but for those in `skip`. */
export function* socketFds(
  proc: ProcFs,
  pid: Pid,
  skip: ReadonlySet<number> = NONE,
): Steps<Reading<SocketFd[]>> {
  const folder = proc.openFolder(`${pid}/fd`)
  if (!folder.known) return notKnown(folder.why)
  try {
    const sockets: SocketFd[] = []
    for (;;) {
      const more = step(folder.value, skip, sockets)
      if (!more.known) return notKnown(more.why)
      if (!more.value) return { known: true, value: sockets }
      yield
    }
  } finally {
    folder.value.close()
  }
}

/** Looks at one descriptor; says whether there was one. */
function step(
  folder: ProcFolder,
  skip: ReadonlySet<number>,
  sockets: SocketFd[],
): CodedReading<boolean> {
  const name = folder.next()
  if (!name.known) return name
  if (name.value === null) return { known: true, value: false }
  const fd = /^\d{1,15}$/.test(name.value) ? Number(name.value) : -1
  if (fd < 0 || skip.has(fd)) return { known: true, value: true }
  const link = folder.link(name.value)
  if (link.known) {
    const inode = parseSocketLink(link.value)
    if (inode !== null) sockets.push({ fd, inode })
  } else if (link.code !== 'ENOENT') {
    return link
  }
  // ENOENT: it was closed since the folder was read.
  return { known: true, value: true }
}
