import type { Socket } from 'node:net'
import { nameRequests } from '../connections/describe-request'
import { type Endpoint, endpointOf } from '../connections/endpoint'
import { lateConnectOf } from '../connections/late-connect'
import { openSockets } from '../connections/open-sockets'
import type { Peer } from '../connections/peer'
import {
  type Asked,
  createPolicy,
  type Decision,
  isFinal,
  leave,
  marked,
  overrides,
  type Policy,
} from '../connections/policy'
import { type Entry, Registry } from '../connections/registry'
import { followUndici } from '../connections/waiting-request'
import { hasListeners, publishDecision } from '../findings/publish-decision'
import { createDebug } from '../process/debug'
import { guarded } from '../process/guarded'
import type { Later } from '../process/later'
import type { Config } from '../settings/config'
import { compileExclude, type Exclude } from '../settings/exclude'
import type { Guard } from './intercept'
import { Keepalive } from './keepalive'
import type { SetKeepAlive } from './patch'
import { loadWatch, Upkeep } from './upkeep'
import { WhenConnected } from './when-connected'

/** Joins settings, sockets and registry: what happens when a socket connects or is asked for keepalive. */
export class Hook implements Guard {
  readonly config: Config
  readonly registry = new Registry()
  readonly upkeep: Upkeep
  /** How many calls of the program's were capped. */
  overridden = 0
  readonly #keepalive: Keepalive
  readonly #policy: Policy
  readonly #exclude: Exclude
  readonly #later: Later
  readonly #unfollow: () => void
  #unobserve: (() => void) | undefined
  readonly #debug = createDebug('hook')
  /** Decides about names once their address is known. */
  readonly #whenConnected = new WhenConnected((socket, peer) => this.#connected(socket, peer))
  readonly #exempt = new WeakSet<Socket>()
  /** Calls before connect that count under `respect`: an off leaves no trace on the socket. */
  readonly #askedBefore = new WeakMap<Socket, Asked>()

  constructor(config: Config, setKeepAlive: SetKeepAlive, later: Later) {
    this.config = config
    this.#keepalive = new Keepalive(setKeepAlive, process.versions.node)
    this.#policy = createPolicy(config, this.#keepalive.takesInterval)
    this.#exclude = compileExclude(config.exclude)
    this.#later = later
    this.upkeep = new Upkeep(this.registry, config, this.#policy, later)
    nameRequests(config.request)
    this.#unfollow = followUndici()
  }

  connecting(socket: Socket, args: unknown[], wrapper: unknown): void {
    const endpoint = endpointOf(args)
    if (endpoint === null) return
    // On a reconnect the socket still has what we put there; the entry knows what the program asked.
    const known = this.registry.known(socket)
    const asked =
      known?.asked ??
      this.#askedBefore.get(socket) ??
      (known ? null : this.#keepalive.stored(socket))
    const before = known?.decision
    const decision = this.#decide(socket, endpoint, asked)
    const below = this.config.auditMs === null ? undefined : wrapper
    const entry = this.registry.add(socket, endpoint, asked, decision, below)
    // What the connection before was given is not for this one, which may be left alone.
    if (before !== undefined && marked(before)) this.#keepalive.restore(socket, asked)
    if (this.#prepare(entry, socket)) this.#settle(entry)
  }

  requested(message: unknown, wrapper: unknown): void {
    if (this.config.auditMs === null) return
    const endpoint = lateConnectOf(message)
    if (endpoint !== null) this.registry.expect(endpoint, wrapper)
  }

  leavingRoot(): void {
    loadWatch()
    require('./startup')
  }

  revise(socket: Socket, args: unknown[]): unknown[] {
    const entry = this.registry.get(socket)
    if (entry === undefined && this.config.app === 'cap') return args
    const asked = this.#keepalive.parse(args)
    if (entry === undefined) {
      this.#askedBefore.set(socket, asked)
      return args
    }
    entry.asked = asked
    if (isFinal(entry.decision)) return args
    const decision = this.#policy.decide(asked)
    if (this.#isAwaited(entry)) return this.#reviseAwaited(entry, socket, args, decision)
    // The same delay again does not reach the kernel: Node remembers it.
    if (delayOf(decision) !== delayOf(entry.decision)) entry.changedBehind = false
    entry.decision = decision.action === 'leave' ? leave(entry.decision, decision) : decision
    this.#settle(entry)
    const answer = decision.action === 'leave' ? args : this.#keepalive.argumentsFor(decision)
    this.#rememberConnecting(entry, socket, answer)
    return answer
  }

  /**
   * Until its address is known, a call counts as it does without us: if the address is excluded, that
   * is what stays. Under kernel mode it is kept from the handle, which would get times of libuv's.
   */
  #reviseAwaited(entry: Entry, socket: Socket, args: unknown[], decision: Decision): unknown[] {
    entry.decision = decision
    if (decision.action === 'protect' && decision.delayMs === null) {
      this.#rememberConnecting(entry, socket, args)
      this.#keepalive.remember(socket, args)
    }
    return args
  }

  /**
   * TLS around a socket that is still connecting: the call would reach the handle, before the
   * descriptor exists, and what the inner socket has is what Node applies when it is connected.
   */
  #rememberConnecting(entry: Entry, socket: Socket, args: unknown[]): void {
    const inner = entry.socket.deref()
    if (inner === undefined || inner === socket || !inner.connecting) return
    for (const one of [inner, socket]) this.#keepalive.remember(one, args)
  }

  closing(socket: Socket, error: unknown): void {
    this.registry.closing(socket, error)
  }

  /** From now on the socket is the program's alone; what is set on it stays. */
  exempt(socket: Socket): void {
    this.#exempt.add(socket)
    const entry = this.registry.get(socket)
    if (entry === undefined) return
    const why = { reason: 'exempt' } as const
    entry.decision = this.#isAwaited(entry)
      ? { action: 'leave', ...why }
      : leave(entry.decision, why)
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
        if (socket.connecting) {
          if (!this.#prepare(entry, socket)) continue
        } else if (decision.action === 'protect') this.#keepalive.apply(socket, decision)
        this.#settle(entry)
      } catch (error) {
        this.#debug('open socket: %O', error)
      }
    }
  }

  /** Begins what goes on while connections are open. Throws where it cannot. */
  start(): void {
    this.upkeep.start()
    if (this.config.metrics !== 'otel') return
    const { observeWhenThere } = require('./otel-metrics') as typeof import('./otel-metrics')
    this.#unobserve = observeWhenThere(this, this.#later)
  }

  stop(): void {
    this.upkeep.stop()
    this.#unobserve?.()
    this.#unfollow()
  }

  #decide(socket: Socket, { host, port }: Endpoint, asked: Asked | null): Decision {
    if (this.#exempt.has(socket)) return { action: 'leave', reason: 'exempt' }
    const rule = this.#exclude.host(host, port)
    return rule === null
      ? this.#policy.decide(asked)
      : { action: 'leave', reason: 'excluded', rule }
  }

  /** Before a socket is connected. Says whether that settles it; else its address will. */
  #prepare({ decision, endpoint }: Entry, socket: Socket): boolean {
    if (isFinal(decision)) return true
    if (this.#exclude.needsAddress(endpoint.host) && this.#whenConnected.await(socket)) return false
    if (decision.action === 'protect') this.#keepalive.preset(socket, decision)
    return true
  }

  #isAwaited(entry: Entry): boolean {
    if (this.#exclude.empty) return false
    const socket = entry.socket.deref()
    return socket !== undefined && this.#whenConnected.awaits(socket)
  }

  /** Node is about to switch keepalive on, or not, by what is on the socket now. */
  #connected(socket: Socket, { address, port }: Peer): void {
    try {
      const entry = this.registry.known(socket)
      if (entry === undefined || isFinal(entry.decision)) return
      const rule = this.#exclude.address(address, port)
      if (rule !== null) entry.decision = { action: 'leave', reason: 'excluded', rule }
      else if (entry.decision.action === 'protect') this.#keepalive.preset(socket, entry.decision)
      this.upkeep.topUp.note(entry)
      // Who listens may close the socket, of which Node is in the middle.
      if (hasListeners()) {
        process.nextTick(guarded('a late message', () => this.#tell(entry)))
      } else this.#tell(entry)
    } catch (error) {
      this.#debug('connected: %O', error)
    }
  }

  /** What is on a socket, or will be, has been decided. */
  #settle(entry: Entry): void {
    this.upkeep.topUp.note(entry)
    this.#tell(entry)
  }

  #tell(entry: Entry): void {
    const { id, endpoint, decision } = entry
    if (overrides(decision)) this.overridden++
    publishDecision(entry)
    this.#debug('#%d %s:%d %s %o', id, endpoint.host, endpoint.port, decision.reason, decision)
  }
}

function delayOf(decision: Decision): number | null {
  return decision.action === 'protect' ? decision.delayMs : null
}
