import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net, { type AddressInfo, type LookupFunction, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { root } from './run-node'
import { type Options, sysctlOptions } from './ways-expected'

const { optionsOf } = require('./fixtures/kernel-options.cjs') as {
  optionsOf(fd: number): Options
}

const none = () => {}

/** The certificate of the fixtures, for localhost, and its key. */
export const tlsFiles = {
  key: readFileSync(join(root, 'test/fixtures/tls.key')),
  cert: readFileSync(join(root, 'test/fixtures/tls.crt')),
}

/** Listens on loopback; every connection of it is gone when the test is over. Returns the port. */
export async function listen(t: Test, server: Server = net.createServer()): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', none)))
  server.on('secureConnection', (socket: Socket) => socket.on('error', none))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Waits until a socket is connected, and closes it when the test is over. */
export async function connected<S extends Socket>(t: Test, socket: S, event = 'connect') {
  t.teardown(() => socket.destroy())
  socket.on('error', none)
  await once(socket, event)
  return socket
}

/** Closes a socket, and waits until it is. */
export async function closed(socket: Socket): Promise<void> {
  socket.destroy()
  await once(socket, 'close')
}

/** A `lookup` by which a name has these IPv4 addresses. */
export function resolvesTo(...addresses: string[]): LookupFunction {
  return (_host, options, callback) => {
    const all = addresses.map((address) => ({ address, family: 4 }))
    if (options.all) process.nextTick(callback, null, all)
    else process.nextTick(callback, null, addresses[0], 4)
  }
}

/** What the kernel has on a socket: `off`, or delay/interval/probes in seconds. */
export function kernelHas(socket: Socket): string {
  const handle = (socket as unknown as { _handle: { fd: number } })._handle
  return inWords(optionsOf(handle.fd))
}

export function inWords({ on, idle, interval, count }: Options): string {
  return on ? `${idle}/${interval}/${count}` : 'off'
}

/** Keepalive on, with the times of the sysctls. */
export const sysctlTimes = () => inWords(sysctlOptions())

/** A delay that was set with two arguments has libuv's interval and probes. */
export const libuvTimes = (seconds: number) => `${seconds}/1/10`
