import type { Socket } from 'node:net'
import type { Steps } from '../process/steps'
import { type KernelWord, kernelWord, unreadable } from './kernel-word'
import { KnownAddresses } from './known-addresses'
import type { NativePart } from './native'
import type { ProcFs, Reading } from './proc-fs'
import { recordWord } from './record-word'
import type { SocketRecord } from './sock-diag'
import { OWNED_STATES, socketDump } from './socket-dump'
import type { TcpSocket, TcpVisitor } from './tcp-line'
import { tcpTable } from './tcp-table'

/** The kernel's word on each of some sockets. */
export interface Words {
  of(socket: Socket): KernelWord
  /** Lines of the table that could not be understood. */
  readonly skipped: number
}

/** The states in which a connection has a word of its own, or is about to have one. */
const STATES = OWNED_STATES.filter((state) => state !== 'listen' && state !== 'close')

/** Set once the kernel has refused a dump, which it will not think better of. */
let refused = false

/**
 * Asks the kernel about sockets of JavaScript, by their addresses: with a dump where the native part
 * is there and the kernel gives one, else with its table, which says less and costs more.
 */
export function* askKernel(
  proc: ProcFs,
  sockets: Iterable<Socket>,
  native: Reading<NativePart>,
): Steps<Words> {
  const matcher = new Matcher()
  for (const socket of sockets) {
    matcher.add(socket)
    yield
  }
  if (native.known && !refused) {
    const scan = yield* socketDump(native.value, STATES, (record) => matcher.match(record))
    if (scan.known) return matcher.words(scan)
    refused = true
  }
  return matcher.words(yield* tcpTable(proc, 'self', matcher))
}

/** A socket that is looked for, among those with the same local port. */
interface Target {
  readonly socket: Socket
  readonly next: Target | undefined
  readonly local: string | undefined
  readonly remote: string | undefined
  readonly remotePort: number | undefined
  word: KernelWord | undefined
}

/** Finds the lines of sockets by local port first, so that others cost next to nothing. */
class Matcher implements TcpVisitor {
  readonly #byPort = new Map<number, Target>()
  readonly #bySocket = new Map<Socket, Target>()
  readonly #addresses = new KnownAddresses()

  add(socket: Socket): void {
    const { localPort, remotePort } = socket
    if (localPort === undefined) return
    const target: Target = {
      socket,
      next: this.#byPort.get(localPort),
      local: plain(socket.localAddress),
      remote: plain(socket.remoteAddress),
      remotePort,
      word: undefined,
    }
    this.#byPort.set(localPort, target)
    this.#bySocket.set(socket, target)
  }

  /** A record of a dump. */
  match(record: SocketRecord): void {
    for (let at = this.#byPort.get(record.localPort); at !== undefined; at = at.next) {
      const { remote, local } = at
      if (record.remotePort !== at.remotePort || remote === undefined) continue
      if (local === undefined || !this.#addresses.is(remote, record, 'remote')) continue
      if (!this.#addresses.is(local, record, 'local')) continue
      at.word = recordWord(record)
      return
    }
  }

  wanted(localPort: number): boolean {
    return this.#byPort.has(localPort)
  }

  /** A line of the table. */
  visit(line: TcpSocket): void {
    for (let at = this.#byPort.get(line.localPort); at !== undefined; at = at.next) {
      if (
        line.remotePort === at.remotePort &&
        line.remoteAddress === at.remote &&
        line.localAddress === at.local
      ) {
        at.word = kernelWord(line)
        return
      }
    }
  }

  words(scan: Reading<{ readonly skipped: number }>): Words {
    const missing = scan.known ? kernelWord(undefined) : unreadable(scan.why)
    return {
      of: (socket) => this.#bySocket.get(socket)?.word ?? missing,
      skipped: scan.known ? scan.value.skipped : 0,
    }
  }
}

const MAPPED = '::ffff:'

/** The table shows IPv4 as such, also on a socket of IPv6, and no zones (fe80::1%eth0). */
function plain(address: string | undefined): string | undefined {
  if (address === undefined) return undefined
  if (address.startsWith(MAPPED) && address.includes('.')) return address.slice(MAPPED.length)
  const zone = address.indexOf('%')
  return zone === -1 ? address : address.slice(0, zone)
}
