import type { Endpoint } from './endpoint'

/** The request of undici's diagnostics channels. */
interface UndiciRequest {
  body?: unknown
  origin?: unknown
}

/**
 * Where a request goes whose connection, if it needs one, is opened in a later tick: the stack of that
 * one no longer leads to the program. This is how undici, fetch included, does it with a body of which
 * it does not know the length (`Client[kDispatch]`, "Wait a tick in case stream/iterator is ended in
 * the same tick"), and a body of fetch is always such a one. Null for the others. Throws what reading
 * `message`, of undici's channel `undici:request:create`, throws.
 */
export function lateConnectOf(message: unknown): Endpoint | null {
  const { body, origin } = (message as { request: UndiciRequest }).request
  if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body)) return null
  return endpointOf(origin)
}

// Most programs have one origin for many requests, and to take one apart takes a microsecond.
let latest: { origin: string; endpoint: Endpoint } | undefined

/** Where a connection to an origin goes, as undici names it to `net.connect`. */
function endpointOf(origin: unknown): Endpoint | null {
  if (typeof origin !== 'string') return null
  if (latest?.origin === origin) return latest.endpoint
  const { protocol, hostname, port } = new URL(origin)
  if (protocol !== 'http:' && protocol !== 'https:') return null
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  const endpoint = { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
  latest = { origin, endpoint }
  return endpoint
}
