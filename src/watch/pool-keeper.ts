import type { Socket } from 'node:net'
import type { Registry } from '../connections/registry'
import { askKernel } from '../kernel/ask-kernel'
import type { ProcFs } from '../kernel/proc-fs'
import { clock } from '../process/clock'
import { createDebug } from '../process/debug'
import type { Later } from '../process/later'
import { everyTurn } from '../process/later'
import { atOnce } from '../process/steps'
import type { Config } from '../settings/config'

/** How often the event loop turns at least, while this runs. */
const TURN_MS = 500
/** Without a turn for so long, the process stood still: stopped, frozen, or in one long computation. */
const STILL_MS = 3 * TURN_MS

/** The state of a connection is in the table, and one read of it is all that the standstill needs. */
const TABLE_ONLY = { known: false, why: 'it is not asked here' } as const

/** What stands on a socket that a pool of Node's http and https agents holds. */
interface Pooled {
  _httpMessage?: unknown
}

/**
 * For NAT_KEEPALIVE_POOL=evict: destroys free sockets of http and https agents that a request would
 * fail on. Those that the peer has closed: at each look, and after the process stood still, because
 * the event loop may run timers before it hears of a FIN. And after it stood still for longer than
 * the limit, all of them. It looks when the loop has waited and before it runs timers, so that no
 * timer of the program comes first. A socket with a request is never touched, and nothing is sent
 * again.
 */
export class PoolKeeper {
  readonly #registry: Registry
  readonly #limitMs: number
  readonly #lookMs: number
  readonly #later: Later
  readonly #proc: ProcFs
  readonly #debug = createDebug('pool')
  readonly #stopTurns: () => void
  #stopBeat: () => void = () => {}
  #turnedAt = clock()
  #lookedAt = clock()
  /** How many sockets were destroyed. */
  evicted = 0

  constructor(registry: Registry, config: Config, later: Later, proc: ProcFs) {
    this.#registry = registry
    this.#limitMs = config.limitMs
    this.#lookMs = config.auditMs ?? Number.POSITIVE_INFINITY
    this.#later = later
    this.#proc = proc
    this.#stopTurns = everyTurn(() => this.#turn())
    this.#beat()
  }

  stop(): void {
    this.#stopTurns()
    this.#stopBeat()
  }

  /** Wakes the loop, so that a long time without a turn tells something. */
  #beat(): void {
    this.#stopBeat = this.#later(() => this.#beat(), TURN_MS)
  }

  #turn(): void {
    const now = clock()
    const stillMs = now - this.#turnedAt
    this.#turnedAt = now
    if (stillMs < STILL_MS && now - this.#lookedAt < this.#lookMs) return
    this.#lookedAt = now
    this.#evict(stillMs)
  }

  #evict(stillMs: number): void {
    const free = [...this.#registry.open()].map(([, socket]) => socket).filter(isFree)
    if (free.length === 0) return
    const stale = stillMs > this.#limitMs ? free : this.#closedByPeer(free)
    for (const socket of stale) {
      this.evicted++
      socket.destroy()
    }
    if (stale.length > 0) this.#debug('%d free sockets evicted after %d ms', stale.length, stillMs)
  }

  /** Those in CLOSE_WAIT, and those that are gone from the table: reset. None where it cannot be read. */
  #closedByPeer(free: readonly Socket[]): Socket[] {
    const words = atOnce(askKernel(this.#proc, free, TABLE_ONLY))
    return free.filter((socket) => {
      const { readable, state } = words.of(socket)
      return readable && (state === 'close-wait' || state === null)
    })
  }
}

/**
 * Whether a pool of an agent holds it, and no request: the agent has put its error listener for that
 * time on it, lib/_http_agent.js, and taken the last request off it.
 */
function isFree(socket: Socket): boolean {
  if (socket.destroyed || socket.listenerCount('agentRemove') === 0) return false
  if ((socket as Pooled)._httpMessage !== null) return false
  return socket.listeners('error').some(({ name }) => name === 'freeSocketErrorListener')
}
