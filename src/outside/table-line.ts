import { type KernelWord, kernelWord } from '../kernel/kernel-word'
import { recordWord } from '../kernel/record-word'
import type { SocketRecord } from '../kernel/sock-diag'
import type { TcpInfo } from '../kernel/tcp-info'
import type { TcpSocket } from '../kernel/tcp-line'
import type { TcpState } from '../kernel/tcp-states'

export interface Place {
  readonly address: string
  readonly port: number
}

/** When something last moved on a connection, in milliseconds before the look. */
export interface SocketTimes {
  readonly lastSentMs: number
  readonly lastReceivedMs: number
  /** Since the peer last acknowledged anything, which the answer to a keepalive probe is. */
  readonly lastAnswerMs: number
}

/** A connection as a table of its network namespace has it. */
export interface TableLine {
  readonly inode: number
  /** Null where the table does not say. */
  readonly uid: number | null
  readonly local: Place
  readonly remote: Place
  readonly state: TcpState
  readonly word: KernelWord
  /** Null in the tables of /proc. */
  readonly times: SocketTimes | null
}

export function timesOf(info: TcpInfo): SocketTimes {
  return {
    lastSentMs: info.lastDataSentMs,
    lastReceivedMs: info.lastDataReceivedMs,
    lastAnswerMs: info.lastAckReceivedMs,
  }
}

/** Copies what a dump's record says, which is another socket's a moment later. */
export function lineOfRecord(record: SocketRecord): TableLine {
  const { info } = record
  return {
    inode: record.inode,
    uid: record.uid,
    local: { address: record.localAddress, port: record.localPort },
    remote: { address: record.remoteAddress, port: record.remotePort },
    state: record.state,
    word: recordWord(record),
    times: info === null ? null : timesOf(info),
  }
}

export function lineOfSocket(socket: TcpSocket): TableLine {
  return {
    inode: socket.inode,
    uid: null,
    local: { address: socket.localAddress, port: socket.localPort },
    remote: { address: socket.remoteAddress, port: socket.remotePort },
    state: socket.state,
    word: kernelWord(socket),
    times: null,
  }
}
