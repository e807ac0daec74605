import type { Socket } from 'node:net'
import { descriptorOf } from '../connections/descriptor-of'
import { askKernel, type Words } from '../kernel/ask-kernel'
import { ASK_AGAIN } from '../kernel/kernel-word'
import { loadNative } from '../kernel/native'
import type { ProcFs } from '../kernel/proc-fs'
import { SocketFacts } from '../kernel/socket-facts'
import { readOptions, type SocketOptions } from '../kernel/socket-options'
import type { Later } from '../process/later'
import { type Pause, pauseBy } from '../process/slices'
import { inSlices } from '../process/steps'
import type { Config } from '../settings/config'

/** Asks the kernel about sockets of JavaScript, in slices. */
export class Asker {
  readonly #config: Config
  readonly #later: Later
  readonly #proc: ProcFs
  readonly #facts = new SocketFacts()
  readonly pause: Pause

  constructor(config: Config, later: Later, proc: ProcFs) {
    this.#config = config
    this.#later = later
    this.#proc = proc
    this.pause = pauseBy(later)
  }

  /** The words on some sockets as they are now. */
  ask(sockets: readonly Socket[]): Promise<Words> {
    return inSlices(askKernel(this.#proc, sockets, loadNative(this.#config.native)), this.pause)
  }

  /** The words on some sockets, where another look a moment later tells more after that. */
  async askPatiently(sockets: readonly Socket[]): Promise<Words> {
    let open = sockets
    const all = await this.ask(open)
    let latest = all
    const later = new Map<Socket, ReturnType<Words['of']>>()
    for (let again = 0; again < ASK_AGAIN.times; again++) {
      open = open.filter((socket) => latest.of(socket).passing)
      if (open.length === 0) break
      await new Promise<void>((done) => this.#later(done, ASK_AGAIN.everyMs))
      latest = await this.ask(open)
      for (const socket of open) later.set(socket, latest.of(socket))
    }
    return { of: (socket) => later.get(socket) ?? all.of(socket), skipped: all.skipped }
  }

  /** The options of a socket; null without the native part, and for one that is closed. */
  optionsOf(socket: Socket): SocketOptions | null {
    const native = loadNative(this.#config.native)
    return native.known ? readOptions(native.value, this.#facts, descriptorOf(socket)) : null
  }
}
