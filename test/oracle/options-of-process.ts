import { readdirSync, readlinkSync } from 'node:fs'
import koffi from 'koffi'

/** What the kernel has on one connected TCP socket of a process; times in seconds. */
export interface SocketOptions {
  readonly fd: number
  readonly local: Address
  readonly remote: Address
  /** SO_KEEPALIVE. */
  readonly on: boolean
  /** TCP_KEEPIDLE. */
  readonly idle: number
  /** TCP_KEEPINTVL. */
  readonly interval: number
  /** TCP_KEEPCNT. */
  readonly count: number
}

export interface Address {
  readonly address: string
  readonly port: number
}

/**
 * The options of the connections of a running process, by getsockopt on duplicates of its
 * descriptors: nothing of the package, and nothing of what it reads, takes part. Needs the right to
 * trace that process (ptrace(2)), which a parent has. Throws where the process is gone.
 */
export function optionsOfProcess(
  pid: number,
  { remotePort }: { readonly remotePort?: number } = {},
): SocketOptions[] {
  const process = systemCall(PIDFD_OPEN, pid, 0, 0)
  try {
    return socketsOf(pid)
      .map((fd) => connectionOf(process, fd))
      .filter((found) => found !== null)
      .filter(({ remote }) => remotePort === undefined || remote.port === remotePort)
  } finally {
    close(process)
  }
}

const libc = koffi.load('libc.so.6')
const syscall = libc.func('long syscall(long number, long a, long b, long c)')
const close = libc.func('int close(int fd)')
const getsockopt = libc.func(
  'int getsockopt(int fd, int level, int name, _Out_ int *value, _Inout_ uint32_t *length)',
)
const getsockname = libc.func(
  'int getsockname(int fd, _Out_ uint8_t *address, _Inout_ uint32_t *length)',
)
const getpeername = libc.func(
  'int getpeername(int fd, _Out_ uint8_t *address, _Inout_ uint32_t *length)',
)

// The numbers of include/uapi/asm-generic/unistd.h, the same on x86-64 and arm64.
const PIDFD_OPEN = 434
const PIDFD_GETFD = 438

const SOL_SOCKET = 1
const SO_KEEPALIVE = 9
const SO_PROTOCOL = 38
const IPPROTO_TCP = 6
const TCP_KEEPIDLE = 4
const TCP_KEEPINTVL = 5
const TCP_KEEPCNT = 6

const AF_INET = 2
const AF_INET6 = 10
/** sockaddr_in6. */
const ADDRESS_BYTES = 28

function systemCall(number: number, a: number, b: number, c: number): number {
  const result = Number(syscall(number, a, b, c))
  if (result < 0) throw new Error(`system call ${number} failed (errno ${koffi.errno()})`)
  return result
}

function socketsOf(pid: number): number[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder)
    .map(Number)
    .filter((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`).startsWith('socket:')
      } catch {
        // It was closed since the folder was listed.
        return false
      }
    })
}

function connectionOf(process: number, fd: number): SocketOptions | null {
  let copy: number
  try {
    copy = systemCall(PIDFD_GETFD, process, fd, 0)
  } catch (error) {
    if (koffi.errno() === koffi.os.errno.EBADF) return null
    throw error
  }
  try {
    if (protocolOf(copy) !== IPPROTO_TCP) return null
    const remote = addressBy(getpeername, copy)
    const local = addressBy(getsockname, copy)
    if (remote === null || local === null) return null
    return {
      fd,
      local,
      remote,
      on: option(copy, SOL_SOCKET, SO_KEEPALIVE) === 1,
      idle: option(copy, IPPROTO_TCP, TCP_KEEPIDLE),
      interval: option(copy, IPPROTO_TCP, TCP_KEEPINTVL),
      count: option(copy, IPPROTO_TCP, TCP_KEEPCNT),
    }
  } finally {
    close(copy)
  }
}

/** Null where it is no socket any more: the number was taken again since the folder was listed. */
function protocolOf(fd: number): number | null {
  const value = [0]
  if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, value, [4]) === 0) return value[0] as number
  const { ENOTSOCK } = koffi.os.errno
  if (koffi.errno() === ENOTSOCK) return null
  throw new Error(`getsockopt of the protocol failed (errno ${koffi.errno()})`)
}

function option(fd: number, level: number, name: number): number {
  const value = [0]
  if (getsockopt(fd, level, name, value, [4]) !== 0) {
    throw new Error(`getsockopt ${level}/${name} failed (errno ${koffi.errno()})`)
  }
  return value[0] as number
}

/** Null for what has no such address: not connected, or not of IP. */
function addressBy(call: typeof getsockname, fd: number): Address | null {
  const bytes = Buffer.alloc(ADDRESS_BYTES)
  if (call(fd, bytes, [ADDRESS_BYTES]) !== 0) return null
  const family = bytes.readUInt16LE(0)
  const port = bytes.readUInt16BE(2)
  if (family === AF_INET) return { address: [...bytes.subarray(4, 8)].join('.'), port }
  return family === AF_INET6 ? { address: ipv6(bytes.subarray(8, 24)), port } : null
}

/** IPv4 where it is mapped, which is what Node and the kernel's tables show; else as a URL has it. */
function ipv6(bytes: Buffer): string {
  const mapped =
    bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff
  if (mapped) return [...bytes.subarray(12)].join('.')
  const groups = bytes.toString('hex').match(/.{4}/g) ?? []
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
