import type { Steps } from '../process/steps'
import { errorName, type NativePart } from './native'
import { notKnown, type Reading } from './proc-fs'
import { MessageBuffer, parseReply, SocketRecord } from './sock-diag'
import { TCP_STATES, type TcpState } from './tcp-states'

export interface DumpScan {
  /** Sockets that were visited. */
  readonly records: number
  /** Messages that were not understood. */
  readonly skipped: number
}

/**
 * Called with every TCP socket of the network namespace: the same object each time, onto another
 * record. Twice for a socket, or not at all for one, where connections come and go meanwhile.
 */
export type SocketVisitor = (record: SocketRecord) => void

/** All states but those that no descriptor belongs to: TIME_WAIT and connections not yet accepted. */
export const OWNED_STATES: readonly TcpState[] = TCP_STATES.filter(
  (state): state is TcpState =>
    state !== undefined && !['time-wait', 'syn-received', 'new-syn-received'].includes(state),
)

/** Asks the kernel for all sockets in these states. Never throws. */
export function* socketDump(
  part: NativePart,
  states: readonly TcpState[],
  visit: SocketVisitor,
): Steps<Reading<DumpScan>> {
  const dump = new Dump(part, states, visit)
  try {
    for (;;) {
      const more = dump.step()
      if (!more.known) return more
      if (!more.value) return { known: true, value: dump.scan }
      yield
    }
  } finally {
    dump.close()
  }
}

/** As much as the kernel puts into one message, netlink_recvmsg() in net/netlink/af_netlink.c. */
const BUFFER_BYTES = 32_768

/** AF_INET, AF_INET6 */
const FAMILIES = [2, 10]

class Dump {
  readonly #part: NativePart
  readonly #states: number
  readonly #visit: SocketVisitor
  readonly #buffer = new MessageBuffer(BUFFER_BYTES)
  readonly #record = new SocketRecord(this.#buffer)
  readonly #families = [...FAMILIES]
  #descriptor: number | null = null
  #records = 0
  #skipped = 0

  constructor(part: NativePart, states: readonly TcpState[], visit: SocketVisitor) {
    this.#part = part
    this.#states = states.reduce((mask, state) => mask | (1 << TCP_STATES.indexOf(state)), 0)
    this.#visit = visit
  }

  get scan(): DumpScan {
    return { records: this.#records, skipped: this.#skipped }
  }

  /** Receives once, which visits a hundred sockets or so; says whether there is more to come. */
  step(): Reading<boolean> {
    if (this.#descriptor === null) {
      const family = this.#families.shift()
      if (family === undefined) return { known: true, value: false }
      const opened = this.#part.openDump(family, this.#states)
      if (opened < 0) return refused(opened)
      this.#descriptor = opened
    }
    const received = this.#part.receiveDump(this.#descriptor, this.#buffer.bytes)
    if (received <= 0) return received < 0 ? refused(received) : notKnown('the kernel said nothing')
    const reply = parseReply(this.#buffer, received, this.#record, this.#visit)
    if (!reply.known) return reply
    if ('error' in reply.value) return refused(reply.value.error)
    this.#records += reply.value.records
    this.#skipped += reply.value.skipped
    if (!reply.value.more) this.close()
    return { known: true, value: reply.value.more || this.#families.length > 0 }
  }

  close(): void {
    if (this.#descriptor !== null) this.#part.closeDump(this.#descriptor)
    this.#descriptor = null
  }
}

/** ENOENT: a kernel without its module tcp_diag. EAFNOSUPPORT, EPERM: a sandbox. */
function refused(result: number): Reading<never> {
  return notKnown(`the kernel gave no dump of its sockets (${errorName(result)})`)
}
