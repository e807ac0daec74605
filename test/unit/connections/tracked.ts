import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net, { type AddressInfo, type Server, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { endpointOf } from '../../../src/connections/endpoint'
import type { Decision } from '../../../src/connections/policy'
import { type Entry, type Observer, Registry } from '../../../src/connections/registry'
import { patch } from '../../../src/hook/patch'
import { clock } from '../../../src/process/clock'
import { root } from '../../run-node'

export const decision: Decision = { action: 'leave', reason: 'exempt' }
export const key = readFileSync(join(root, 'test/fixtures/tls.key'))
export const cert = readFileSync(join(root, 'test/fixtures/tls.crt'))
export const host = '127.0.0.1'
export const none = () => {}

/** A look at all, in one go. */
export function observe(registry: Registry, observer: Observer = none): void {
  for (const _ of registry.look(observer));
}

/** A registry that is told of every outbound connection while the test runs, and of every end. */
export function track(t: Test): Registry {
  const registry = new Registry()
  const guard = {
    connecting(socket: Socket, args: unknown[], wrapper: unknown) {
      const endpoint = endpointOf(args)
      if (endpoint !== null) registry.add(socket, endpoint, null, decision, wrapper)
    },
    revise: (_socket: Socket, args: unknown[]) => args,
    closing: (socket: Socket, error: unknown) => registry.closing(socket, error),
  }
  const { undo } = patch(Socket.prototype, guard)
  t.teardown(undo)
  return registry
}

/** Listens on loopback; every connection of it is gone when the test is over. */
export async function listen(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', none)))
  server.on('secureConnection', (socket: Socket) => socket.on('error', none))
  server.listen(0, host)
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

export async function connected(port: number): Promise<Socket> {
  const socket = net.connect(port, host).on('error', none)
  await once(socket, 'connect')
  return socket
}

/** Waits until the clock of the registry shows so much more. */
export async function pass(ms: number): Promise<void> {
  for (const until = clock() + ms; clock() < until; ) await sleep(1)
}

/** Looks until the socket was found idle, which is when its end begins to matter. */
export async function idle(registry: Registry, socket: Socket): Promise<Entry> {
  const entry = registry.get(socket)
  if (entry === undefined) throw new Error('not tracked')
  while (!entry.idle) {
    observe(registry)
    await sleep(2)
  }
  return entry
}
