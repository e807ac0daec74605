import { closeSync } from 'node:fs'
import { errorName, type NativePart } from '../kernel/native'
import { SocketFacts } from '../kernel/socket-facts'
import type { SocketOptions } from '../kernel/socket-options'
import { readDescriptor } from '../outside/descriptor-reader'
import { idleMsOf, type OutsideSocket } from '../outside/outside-socket'
import { planKeepalive, planned, type WantedSchedule } from './keepalive-plan'

/** What became of one connection. */
export interface RescuedSocket {
  readonly remote: OutsideSocket['remote']
  readonly local: OutsideSocket['local']
  readonly fds: readonly number[]
  readonly idleMs: number | null
  /** Null where it could not be read. */
  readonly before: SocketOptions | null
  /** As read back; with `dryRun` what it would be. The same as before where nothing was to be done. */
  readonly after: SocketOptions | null
  /** `gone`: it was closed meanwhile. */
  readonly outcome: 'rescued' | 'fine' | 'failed' | 'gone'
  /** Of `failed`: the name of the error. */
  readonly error: string | null
}

/**
 * Puts the schedule on these connections of a process, by duplicates of its descriptors, and reads it
 * back. The options belong to the connection and not to a descriptor, so that they are in force for
 * the program, whatever its language. A text: the error with which the process refuses all of it.
 */
export function rescueProcess(
  part: NativePart,
  pid: number,
  sockets: readonly OutsideSocket[],
  wanted: WantedSchedule,
  dryRun: boolean,
): readonly RescuedSocket[] | string {
  const process = part.openProcess(pid)
  if (process < 0) return errorName(process)
  try {
    const rescued: RescuedSocket[] = []
    for (const socket of sockets) {
      const taken = part.takeDescriptor(process, socket.fds[0] ?? -1)
      if (taken < 0) {
        const error = errorName(taken)
        if (error !== 'EBADF') return error
        rescued.push(outcomeOf(socket, null, null, 'gone'))
        continue
      }
      try {
        rescued.push(rescueSocket(part, taken, socket, wanted, dryRun))
      } finally {
        closeSync(taken)
      }
    }
    return rescued
  } finally {
    closeSync(process)
  }
}

const facts = new SocketFacts()

function rescueSocket(
  part: NativePart,
  fd: number,
  socket: OutsideSocket,
  wanted: WantedSchedule,
  dryRun: boolean,
): RescuedSocket {
  const found = readDescriptor(part, facts, fd)
  // A descriptor can be another socket by now.
  if (found === null) return outcomeOf(socket, null, null, 'gone')
  if (typeof found === 'string') return outcomeOf(socket, null, null, 'failed', found)
  const { local } = found.line
  if (local.port !== socket.local.port || local.address !== socket.local.address) {
    return outcomeOf(socket, null, null, 'gone')
  }
  const before = found.options
  const plan = planKeepalive(before, wanted)
  if (plan === null) return outcomeOf(socket, before, before, 'fine')
  const aim = planned(before, plan)
  if (dryRun) return outcomeOf(socket, before, aim, 'rescued')
  const { idleSeconds, intervalSeconds, probes, userTimeoutMs } = plan
  const set = part.setKeepalive(fd, 1, idleSeconds, intervalSeconds, probes, userTimeoutMs)
  const back = readDescriptor(part, facts, fd)
  const after = typeof back === 'object' && back !== null ? back.options : null
  if (set < 0) return outcomeOf(socket, before, after, 'failed', errorName(set))
  const holds = after !== null && JSON.stringify(after) === JSON.stringify(aim)
  return outcomeOf(socket, before, after, holds ? 'rescued' : 'failed', holds ? null : 'not kept')
}

function outcomeOf(
  socket: OutsideSocket,
  before: SocketOptions | null,
  after: SocketOptions | null,
  outcome: RescuedSocket['outcome'],
  error: string | null = null,
): RescuedSocket {
  const { remote, local, fds, times } = socket
  return { remote, local, fds, idleMs: idleMsOf(times), before, after, outcome, error }
}
