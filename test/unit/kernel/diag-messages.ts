/** Builds what the kernel writes into a dump of its sockets, as include/uapi/linux has it. */

export interface Socket {
  family: number
  state: number
  timer: number
  retries: number
  localPort: number
  remotePort: number
  local: number[]
  remote: number[]
  cookie: [number, number]
  expires: number
  rxQueue: number
  txQueue: number
  uid: number
  inode: number
  /** Attributes: their type and their bytes. */
  attributes: [number, Buffer][]
}

export const socket: Socket = {
  family: 2,
  state: 1,
  timer: 2,
  retries: 0,
  localPort: 40_000,
  remotePort: 5432,
  local: [192, 0, 2, 2],
  remote: [198, 51, 100, 2],
  cookie: [4097, 0],
  expires: 30_000,
  rxQueue: 1,
  txQueue: 2,
  uid: 1000,
  inode: 123_456,
  attributes: [],
}

/** struct tcp_info of 232 bytes with these words. */
export function tcpInfo(words: Record<number, number>, length = 232): Buffer {
  const info = Buffer.alloc(length)
  for (const [index, value] of Object.entries(words)) info.writeUInt32LE(value, Number(index) * 4)
  return info
}

/** A message with its header, padded to four bytes. */
export function message(type: number, body: Buffer, length = 16 + body.length): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(length, 0)
  header.writeUInt16LE(type, 4)
  return pad(Buffer.concat([header, body]))
}

/** struct inet_diag_msg and its attributes. */
export function socketMessage(changes: Partial<Socket> = {}): Buffer {
  const all = { ...socket, ...changes }
  const body = Buffer.alloc(72)
  body.set([all.family, all.state, all.timer, all.retries])
  body.writeUInt16BE(all.localPort, 4)
  body.writeUInt16BE(all.remotePort, 6)
  body.set(all.local, 8)
  body.set(all.remote, 24)
  const words = [...all.cookie, all.expires, all.rxQueue, all.txQueue, all.uid, all.inode]
  for (const [index, word] of words.entries()) body.writeUInt32LE(word, 44 + index * 4)
  const attributes = all.attributes.map(([type, content]) => {
    const head = Buffer.alloc(4)
    head.writeUInt16LE(4 + content.length, 0)
    head.writeUInt16LE(type, 2)
    return pad(Buffer.concat([head, content]))
  })
  return message(20, Buffer.concat([body, ...attributes]))
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}
