import { Server, Socket } from 'node:net'
import { descriptorOf } from './descriptor-of'
import type { Endpoint } from './endpoint'
import type { Registry } from './registry'

interface Internals {
  _handle?: { constructor?: { name?: string } } | null
  _host?: string | null
  _server?: unknown
  server?: unknown
  _tlsOptions?: { isServer?: boolean }
}

interface AgentSockets {
  globalAgent?: Record<'sockets' | 'freeSockets', NodeJS.ReadOnlyDict<Socket[]>>
}

/**
 * The outbound TCP sockets that are open now, as far as JavaScript can find them: the handles that
 * hold the event loop, and the pools of the global agents, whose idle sockets do not. Pools of other
 * agents and libraries may be missing.
 */
export function openSockets(): { socket: Socket; endpoint: Endpoint }[] {
  const found = new Set<unknown>(activeHandles())
  const loaded = (process as unknown as { moduleLoadList: string[] }).moduleLoadList
  for (const name of ['http', 'https']) {
    if (!loaded.includes(`NativeModule ${name}`)) continue
    const { globalAgent } = require(name) as AgentSockets
    for (const pool of [globalAgent?.sockets, globalAgent?.freeSockets]) {
      for (const socket of Object.values(pool ?? {}).flat()) found.add(socket)
    }
  }
  const open: { socket: Socket; endpoint: Endpoint }[] = []
  for (const socket of found) {
    if (!(socket instanceof Socket) || !isOutboundTcp(socket)) continue
    const host = (socket as Internals)._host ?? socket.remoteAddress ?? ''
    open.push({ socket, endpoint: { host, port: socket.remotePort ?? 0 } })
  }
  return open
}

function activeHandles(): unknown[] {
  return (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles()
}

function isOutboundTcp(socket: Socket): boolean {
  if (socket.destroyed || isInbound(socket)) return false
  const kind = (socket as Internals)._handle?.constructor?.name
  return kind === 'TCP' || kind === 'TLSWrap'
}

function isInbound(socket: Socket): boolean {
  const { _server, server, _tlsOptions } = socket as Internals
  return Boolean(_server || server || _tlsOptions?.isServer)
}

/** What JavaScript of this thread has open, as far as it can be found. */
export interface Descriptors {
  /** The sockets whose direction is known: tracked, or accepted here. */
  readonly known: ReadonlySet<number>
  /** The others: received from another process, or made around a descriptor. */
  readonly others: ReadonlySet<number>
  /** The ports that servers listen on. */
  readonly ports: readonly number[]
}

export function descriptorsOfJavaScript(registry: Registry): Descriptors {
  const known = new Set<number>()
  const others = new Set<number>()
  const ports: number[] = []
  for (const [, socket] of registry.open()) known.add(descriptorOf(socket))
  for (const handle of activeHandles()) {
    if (handle instanceof Socket) {
      const fd = descriptorOf(handle)
      if (isInbound(handle)) known.add(fd)
      // A TLSSocket around a tracked one has its descriptor.
      else if (!known.has(fd)) others.add(fd)
    } else if (handle instanceof Server) {
      const port = portOf(handle)
      if (port !== null) ports.push(port)
    }
  }
  return { known, others, ports }
}

/** Null for a Unix socket, and where it cannot be had: a worker of a cluster may have no address. */
function portOf(server: Server): number | null {
  try {
    const address = server.address()
    return typeof address === 'object' ? (address?.port ?? null) : null
  } catch {
    return null
  }
}
