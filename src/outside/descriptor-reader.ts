import { closeSync } from 'node:fs'
import { unknown } from '../kernel/kernel-word'
import { errorName, type NativePart } from '../kernel/native'
import { SocketFacts } from '../kernel/socket-facts'
import { optionsOf, type SocketOptions } from '../kernel/socket-options'
import type { TcpState } from '../kernel/tcp-states'
import { type SocketTimes, type TableLine, timesOf } from './table-line'

/** What a duplicate of a descriptor tells of a connection. */
export interface SeenByDescriptor {
  readonly options: SocketOptions
  readonly times: SocketTimes
  /** The connection without a table: what its timer says is not in it. */
  readonly line: TableLine
}

/** Null: it is no TCP socket. A text: the name of the error, such as EPERM. */
export type DescriptorReading = SeenByDescriptor | null | string

const STATELESS: TcpState = 'close'

/** Duplicates descriptors of other processes for as long as it takes to read them, pidfd_getfd(2). */
export class DescriptorReader {
  readonly #part: NativePart
  readonly #facts = new SocketFacts()

  constructor(part: NativePart) {
    this.#part = part
  }

  /** Calls `use` with a function that reads descriptors of the process; a text is an error's name. */
  within<T>(pid: number, use: (read: (fd: number) => DescriptorReading) => T): T | string {
    const process = this.#part.openProcess(pid)
    if (process < 0) return errorName(process)
    try {
      return use((fd) => this.#read(process, fd))
    } finally {
      closeSync(process)
    }
  }

  #read(process: number, fd: number): DescriptorReading {
    const taken = this.#part.takeDescriptor(process, fd)
    if (taken < 0) return errorName(taken)
    try {
      return readDescriptor(this.#part, this.#facts, taken)
    } finally {
      closeSync(taken)
    }
  }
}

/** What a descriptor of this process tells. */
export function readDescriptor(
  part: NativePart,
  facts: SocketFacts,
  fd: number,
): DescriptorReading {
  const result = facts.read(part, fd)
  if (result < 0) {
    const name = errorName(result)
    return name === 'EPROTONOSUPPORT' || name === 'ENOTSOCK' ? null : name
  }
  const state = facts.info.state ?? STATELESS
  const times = timesOf(facts.info)
  return {
    options: optionsOf(facts),
    times,
    line: {
      inode: 0,
      uid: null,
      local: { address: facts.localAddress, port: facts.localPort },
      remote: { address: facts.remoteAddress, port: facts.remotePort },
      state,
      word: {
        ...unknown('its timer is in no table that can be read here'),
        state,
        unansweredProbes: facts.info.unansweredProbes,
        retransmits: facts.info.retransmits,
        unackedBytes: facts.unacknowledgedBytes,
      },
      times,
    },
  }
}
