import { channel } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** A request that waits for its answer: nothing of it that could be secret. */
export interface WaitingRequest {
  readonly method: string
  readonly host: string | null
  /** Without the query. */
  readonly path: string
}

/** Node's ClientRequest, as it stands on the socket that it waits on. */
interface HttpRequest {
  method?: unknown
  path?: unknown
  host?: unknown
  res?: unknown
}

/** The request of undici's diagnostics channels. */
interface UndiciRequest {
  method?: unknown
  path?: unknown
  origin?: unknown
  completed?: unknown
  aborted?: unknown
}

/** The last request of each socket of undici, fetch included. */
const ofUndici = new WeakMap<object, WeakRef<UndiciRequest>>()

// Held here, because some Nodes let go of a channel that nobody holds, and of its subscribers.
const sendHeaders = channel('undici:client:sendHeaders')

function onSendHeaders(message: unknown): void {
  const { request, socket } = message as { request: UndiciRequest; socket: object }
  ofUndici.set(socket, new WeakRef(request))
}

/** Requests whose answer has begun: what is left of it may stream for long. */
const answered = new WeakSet<object>()

const headers = channel('undici:request:headers')

function onHeaders(message: unknown): void {
  answered.add((message as { request: object }).request)
}

/** Listens to undici, twice for each request; the other clients are only looked at when it matters. */
export function followUndici(): () => void {
  sendHeaders.subscribe(onSendHeaders)
  headers.subscribe(onHeaders)
  return () => {
    sendHeaders.unsubscribe(onSendHeaders)
    headers.unsubscribe(onHeaders)
  }
}

/**
 * The request that waits on a socket, found at the moment of asking. Null where there is none, or
 * where a client made it that does not tell (http2, databases).
 */
export function waitingRequest(socket: Socket): WaitingRequest | null {
  try {
    return httpRequest(socket) ?? undiciRequest(socket)
  } catch {
    return null
  }
}

function httpRequest(socket: Socket): WaitingRequest | null {
  const request = (socket as { _httpMessage?: HttpRequest | null })._httpMessage
  if (!request || request.res || typeof request.path !== 'string') return null
  return describe(request.method, request.host, request.path)
}

function undiciRequest(socket: Socket): WaitingRequest | null {
  const request = ofUndici.get(socket)?.deref()
  if (request === undefined || answered.has(request)) return null
  if (request.completed || request.aborted) return null
  const host = typeof request.origin === 'string' ? hostOf(request.origin) : null
  return typeof request.path === 'string' ? describe(request.method, host, request.path) : null
}

function describe(method: unknown, host: unknown, path: string): WaitingRequest {
  // A request through a proxy has the whole URL for a path, with user and password where given.
  const [origin = ''] = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i.exec(path) ?? []
  const named = origin === '' ? host : hostOf(origin)
  return {
    method: typeof method === 'string' ? method : 'GET',
    host: typeof named === 'string' ? named : null,
    path: path.slice(origin.length).replace(/[?#].*$/s, '') || '/',
  }
}

/** The host of an origin, without the user information that a URL can carry. */
function hostOf(origin: string): string | null {
  return /^[a-z][a-z\d+.-]*:\/\/(?:[^/]*@)?(\[[^\]]*\]|[^/:]+)/i.exec(origin)?.[1] ?? null
}
