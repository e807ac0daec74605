import { Socket } from 'node:net'
import type { Endpoint } from './endpoint'
import type { Registry } from './registry'

interface Internals {
  _handle?: { fd?: number; constructor?: { name?: string } } | null
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

/** The descriptors of the sockets that JavaScript knows: the tracked ones, and the inbound ones. */
export function descriptorsOfJavaScript(registry: Registry): Set<number> {
  const descriptors = new Set<number>()
  const add = (socket: Socket) => {
    const fd = (socket as Internals)._handle?.fd
    if (fd !== undefined && fd >= 0) descriptors.add(fd)
  }
  for (const [, socket] of registry.open()) add(socket)
  for (const handle of activeHandles()) {
    if (handle instanceof Socket && isInbound(handle)) add(handle)
  }
  return descriptors
}
