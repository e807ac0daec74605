import { MessageBuffer, parseReply, SocketRecord } from '../../../src/kernel/sock-diag'
import { int32, message, type Socket, socketMessage } from './diag-messages'

/** Visits the record of each socket, as a dump of the kernel has it. */
export function visitRecords(
  sockets: readonly Partial<Socket>[],
  visit: (record: SocketRecord) => void,
): void {
  const bytes = Buffer.concat([...sockets.map(socketMessage), message(3, int32(0))])
  const buffer = new MessageBuffer(4096)
  buffer.bytes.set(bytes)
  const reading = parseReply(buffer, bytes.length, new SocketRecord(buffer), visit)
  if (!reading.known) throw new Error(reading.why)
}
