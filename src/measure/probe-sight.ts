import type { ProcFs, Reading } from '../kernel/proc-fs'
import type { TcpSocket, TcpVisitor } from '../kernel/tcp-line'
import { tcpTable } from '../kernel/tcp-table'
import { atOnce } from '../process/steps'

/** What the kernel says of one of our connections. */
export type Sight = Pick<TcpSocket, 'state' | 'timer' | 'whenMs' | 'probes'>

/** What became of a probe, as the kernel's table tells it. */
export type ProbeWord = 'waiting' | 'answered' | 'unanswered' | 'gone'

/** Reads the lines of connections of this process to `remotePort`, by their local port. */
export function sightOf(
  proc: ProcFs,
  localPort: number,
  remotePort: number,
): Reading<Sight | undefined> {
  let found: Sight | undefined
  const visitor: TcpVisitor = {
    wanted: (port, inode) => port === localPort && inode !== 0,
    visit(socket) {
      if (socket.remotePort === remotePort) found = socket
    },
  }
  const scan = atOnce(tcpTable(proc, 'self', visitor))
  return scan.known ? { known: true, value: found } : scan
}

/**
 * What a look tells after a probe was asked for. tcp_keepalive_timer() in the kernel's
 * net/ipv4/tcp_timer.c counts the probe as it sends it, and sets the timer anew; tcp_ack() puts the
 * count back to 0. So a count of 0 under a timer that has run out means that the probe has yet to
 * go out, and one under a timer that runs that it was answered. Pure.
 */
export function probeWord(sight: Sight | undefined): ProbeWord {
  if (sight === undefined || sight.state !== 'established') return 'gone'
  if (sight.timer !== 'keepalive') return 'waiting'
  if (sight.probes > 0) return 'unanswered'
  return sight.whenMs > 0 ? 'answered' : 'waiting'
}
