import type { Socket } from 'node:net'
import { type Endpoint, endpointOf } from '../connections/endpoint'
import { openSockets } from '../connections/open-sockets'
import {
  type Asked,
  createPolicy,
  type Decision,
  type Leave,
  overrides,
  type Policy,
  type Protection,
} from '../connections/policy'
import { type Entry, Registry } from '../connections/registry'
import { followUndici } from '../connections/waiting-request'
import { channels } from '../findings/channels'
import { createDebug } from '../findings/debug'
import type { Later } from '../process/later'
import type { Config } from '../settings/config'
import { compileExclude, type Exclude } from '../settings/exclude'
import type { Watch } from '../watch/watch'
import { Keepalive } from './keepalive'
import type { Guard, SetKeepAlive } from './patch'

/** Joins settings, sockets and registry: what happens when a socket connects or is asked for keepalive. */
export class Hook implements Guard {
  readonly config: Config
  readonly registry = new Registry()
  readonly #keepalive: Keepalive
  readonly #policy: Policy
  readonly #exclude: Exclude
  readonly #later: Later
  #watch: Watch | undefined
  readonly #unfollow: () => void
  readonly #debug = createDebug('hook')
  readonly #exempt = new WeakSet<Socket>()
  /** Sockets whose address is looked at when they connect. */
  readonly #awaited = new WeakSet<Socket>()
  /** Calls before connect that count under `respect`: an off leaves no trace on the socket. */
  readonly #askedBefore = new WeakMap<Socket, Asked>()

  constructor(config: Config, setKeepAlive: SetKeepAlive, later: Later) {
    this.config = config
    this.#keepalive = new Keepalive(setKeepAlive, process.versions.node)
    this.#policy = createPolicy(config, this.#keepalive.takesInterval)
    this.#exclude = compileExclude(config.exclude)
    this.#later = later
    this.#unfollow = followUndici()
  }

  connecting(socket: Socket, args: unknown[], wrapper: unknown): void {
    try {
      const endpoint = endpointOf(args)
      if (endpoint === null) return
      // On a reconnect the socket still has what we put there; the entry knows what the program asked.
      const known = this.registry.known(socket)
      const asked =
        known?.asked ??
        this.#askedBefore.get(socket) ??
        (known ? null : this.#keepalive.stored(socket))
      const decision = this.#decide(socket, endpoint, asked)
      const below = this.config.auditMs === null ? undefined : wrapper
      const entry = this.registry.add(socket, endpoint, asked, decision, below)
      if (decision.action === 'protect') {
        this.#keepalive.preset(socket, decision)
        if (this.#exclude.hasAddressRules) this.#excludeByAddress(socket)
      }
      this.#tell(entry)
    } catch (error) {
      this.#debug('connect: %O', error)
    }
  }

  revise(socket: Socket, args: unknown[]): unknown[] {
    try {
      const entry = this.registry.get(socket)
      if (entry === undefined && this.config.app === 'cap') return args
      const asked = this.#keepalive.parse(args)
      if (entry === undefined) {
        this.#askedBefore.set(socket, asked)
        return args
      }
      entry.asked = asked
      if (entry.decision.reason === 'excluded' || entry.decision.reason === 'exempt') return args
      const decision = this.#policy.decide(asked)
      entry.decision = decision.action === 'leave' ? leave(entry.decision, decision) : decision
      this.#tell(entry)
      if (decision.action === 'leave') return args
      this.#presetConnecting(entry, socket, decision)
      return this.#keepalive.argumentsFor(decision)
    } catch (error) {
      this.#debug('setKeepAlive: %O', error)
      return args
    }
  }

  /**
   * TLS around a socket that is still connecting: the call would reach the handle, before the
   * descriptor exists, and what the inner socket has is what Node applies when it is connected.
   */
  #presetConnecting(entry: Entry, socket: Socket, decision: Protection): void {
    const inner = entry.socket.deref()
    if (inner === undefined || inner === socket || !inner.connecting) return
    for (const one of [inner, socket]) this.#keepalive.preset(one, decision)
  }

  /** From now on the socket is the program's alone; what is set on it stays. */
  exempt(socket: Socket): void {
    this.#exempt.add(socket)
    const entry = this.registry.get(socket)
    if (entry !== undefined) entry.decision = leave(entry.decision, { reason: 'exempt' })
  }

  /** Protects the outbound sockets that were open before the hook was there. */
  adopt(): void {
    for (const { socket, endpoint } of openSockets()) {
      try {
        if (this.registry.get(socket) !== undefined) continue
        const asked = this.#keepalive.stored(socket)
        let decision = this.#decide(socket, endpoint, asked)
        const rule = this.#exclude.address(socket.remoteAddress ?? '', endpoint.port)
        if (rule !== null) decision = { action: 'leave', reason: 'excluded', rule }
        const entry = this.registry.add(socket, endpoint, asked, decision, undefined)
        entry.openedAt = null
        if (decision.action === 'protect') {
          if (socket.connecting) this.#keepalive.preset(socket, decision)
          else this.#keepalive.apply(socket, decision)
        }
        this.#tell(entry)
      } catch (error) {
        this.#debug('open socket: %O', error)
      }
    }
  }

  /** What looks at the connections. Loaded at the first look, which many programs do not live to see. */
  get watch(): Watch {
    if (this.#watch === undefined) {
      const { createWatch } = require('../watch/watch') as typeof import('../watch/watch')
      this.#watch = createWatch(this.registry, this.config, this.#later)
    }
    return this.#watch
  }

  /** Begins to look at the connections of the process, if that is wanted. */
  start(): void {
    try {
      if (this.config.auditMs !== null) this.watch.auditor.start()
    } catch (error) {
      this.#debug('the watch did not start: %O', error)
    }
  }

  stop(): void {
    this.#watch?.auditor.stop()
    this.#unfollow()
  }

  #decide(socket: Socket, { host, port }: Endpoint, asked: Asked | null): Decision {
    if (this.#exempt.has(socket)) return { action: 'leave', reason: 'exempt' }
    const rule = this.#exclude.host(host, port)
    return rule === null
      ? this.#policy.decide(asked)
      : { action: 'leave', reason: 'excluded', rule }
  }

  /** A name is known to be excluded by its address only once it is connected. */
  #excludeByAddress(socket: Socket): void {
    if (this.#awaited.has(socket)) return
    this.#awaited.add(socket)
    socket.once('connect', () => {
      this.#awaited.delete(socket)
      const entry = this.registry.known(socket)
      if (entry === undefined) return
      const rule = this.#exclude.address(socket.remoteAddress ?? '', entry.endpoint.port)
      if (rule === null) return
      entry.decision = leave(entry.decision, { reason: 'excluded', rule })
      this.#keepalive.restore(socket, entry.asked)
    })
  }

  #tell({ id, endpoint, asked, decision }: Entry): void {
    const channel = overrides(decision) ? channels.override : channels.protect
    if (decision.action === 'protect' && channel.hasSubscribers) {
      channel.publish({ id, endpoint, asked, applied: decision, reason: decision.reason })
    }
    this.#debug('#%d %s:%d %s %o', id, endpoint.host, endpoint.port, decision.reason, decision)
  }
}

/** The decision to leave a socket alone that may have been ours before. */
function leave(before: Decision, why: Pick<Leave, 'reason' | 'rule'>): Leave {
  const timed = before.action === 'protect' ? before.delayMs !== null : before.touched
  return { action: 'leave', ...why, ...(timed ? { touched: true } : {}) }
}
