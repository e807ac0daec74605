import type { Socket } from 'node:net'
import type { Steps } from '../process/steps'
import { Cookies } from './cookies'
import { type KernelWord, kernelWord, unreadable } from './kernel-word'
import type { NativePart } from './native'
import type { ProcFs, Reading } from './proc-fs'
import { recordWord } from './record-word'
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

/** The connections of which the cookie is known. */
const cookies = new Cookies()

/**
 * Asks the kernel about sockets of JavaScript: with a dump where the native part is there and the
 * kernel gives one, else with its table, which says less and costs more.
 */
export function* askKernel(
  proc: ProcFs,
  sockets: Iterable<Socket>,
  native: Reading<NativePart>,
): Steps<Words> {
  if (native.known && !refused) {
    const words = yield* askDump(native.value, sockets)
    if (words !== null) return words
    refused = true
  }
  const matcher = new Matcher()
  for (const socket of sockets) {
    matcher.add(socket)
    yield
  }
  return matcher.words(yield* tcpTable(proc, 'self', matcher))
}

/** By their cookies; null where the kernel gives no dump. */
function* askDump(part: NativePart, sockets: Iterable<Socket>): Steps<Words | null> {
  const words = new Map<number, KernelWord | undefined>()
  for (const socket of sockets) {
    const cookie = cookies.of(part, socket)
    if (cookie !== undefined) words.set(cookie, undefined)
    yield
  }
  const scan = yield* socketDump(part, STATES, (record) => {
    const { cookie } = record
    if (words.has(cookie)) words.set(cookie, recordWord(record))
  })
  if (!scan.known) return null
  const missing = kernelWord(undefined)
  return {
    of: (socket) => words.get(cookies.of(part, socket) ?? 0) ?? missing,
    skipped: scan.value.skipped,
  }
}

/** A socket that is looked for, among those with the same local port. */
interface Target {
  readonly socket: Socket
  readonly next: Target | undefined
  word: KernelWord | undefined
}

/** Finds the lines of sockets by local port first, so that others cost next to nothing. */
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
