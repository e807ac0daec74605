import { channel } from 'node:diagnostics_channel'
import { subscribe } from '../process/subscribe'
import type { Endpoint } from './endpoint'

/** The request of undici's diagnostics channels. */
interface UndiciRequest {
  body?: unknown
  origin?: unknown
}

// Held here, because some Nodes let go of a channel that nobody holds, and of its subscribers.
const create = channel('undici:request:create')

/**
 * Calls `told` while a request is made whose connection, if it needs one, is opened in a later tick:
 * the stack of that one no longer leads to the program. This is how undici, fetch included, does it
 * with a body of which it does not know the length (`Client[kDispatch]`, "Wait a tick in case
 * stream/iterator is ended in the same tick"), and a body of fetch is always such a one. The stack
 * of the request begins below `wrapper`.
 */
export function followLateConnects(
  told: (endpoint: Endpoint, wrapper: unknown) => void,
): () => void {
  return subscribe(create, (message, below) => {
    const { body, origin } = (message as { request: UndiciRequest }).request
    if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body)) return
    const endpoint = endpointOf(origin)
    if (endpoint !== null) told(endpoint, below)
  })
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
