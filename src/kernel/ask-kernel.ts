import type { Socket } from 'node:net'
import type { Steps } from '../process/steps'
import { type KernelWord, kernelWord, unreadable } from './kernel-word'
import type { ProcFs, Reading } from './proc-fs'
import type { TcpSocket, TcpVisitor } from './tcp-line'
import { type TcpScan, tcpTable } from './tcp-table'

/** The kernel's word on each of some sockets. */
export interface Words {
  of(socket: Socket): KernelWord
  /** Lines of the table that could not be understood. */
  readonly skipped: number
}

/** Asks the kernel's table about sockets of JavaScript, by their addresses. */
export function* askKernel(proc: ProcFs, sockets: Iterable<Socket>): Steps<Words> {
  const matcher = new Matcher()
  for (const socket of sockets) {
    matcher.add(socket)
    yield
  }
  return matcher.words(yield* tcpTable(proc, 'self', matcher))
}

/** A socket that is looked for, among those with the same local port. */
interface Target {
  readonly socket: Socket
  readonly next: Target | undefined
  word: KernelWord | undefined
}

/** Finds the lines of sockets by local port first, so that other lines cost next to nothing. */
class Matcher implements TcpVisitor {
  readonly #byPort = new Map<number, Target>()
  readonly #bySocket = new Map<Socket, Target>()

  add(socket: Socket): void {
    const { localPort } = socket
    if (localPort === undefined) return
    const next = this.#byPort.get(localPort)
    const target: Target = { socket, next, word: undefined }
    this.#byPort.set(localPort, target)
    this.#bySocket.set(socket, target)
  }

  wanted(localPort: number): boolean {
    return this.#byPort.has(localPort)
  }

  visit(line: TcpSocket): void {
    for (let at = this.#byPort.get(line.localPort); at !== undefined; at = at.next) {
      const { socket } = at
      if (
        line.remotePort === socket.remotePort &&
        line.remoteAddress === plain(socket.remoteAddress) &&
        line.localAddress === plain(socket.localAddress)
      ) {
        at.word = kernelWord(line)
        return
      }
    }
  }

  words(scan: Reading<TcpScan>): Words {
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
