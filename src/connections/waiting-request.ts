import { channel } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { subscribe } from '../process/subscribe'
import { type ClientTimer, timerOfError } from './client-timer'
import { describeRequest, hostOf, type WaitingRequest } from './describe-request'
import { isTimeout } from './ending'
import { openStreams } from './http2-streams'

export type { WaitingRequest }

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

/** Requests that a timer of the program gave up: undici does not tell the socket why. */
const timedOut = new WeakMap<object, ClientTimer['kind']>()

const failed = channel('undici:request:error')

function onFailed(message: unknown): void {
  const { request, error } = message as { request: object; error: unknown }
  if (isTimeout(error)) timedOut.set(request, timerOfError(error))
}

/** Listens to undici, twice for each request; the other clients are only looked at when it matters. */
export function followUndici(): () => void {
  const unfollow = [
    subscribe(sendHeaders, onSendHeaders),
    subscribe(headers, onHeaders),
    subscribe(failed, onFailed),
  ]
  return () => {
    for (const stop of unfollow) stop()
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

/** What waited on a connection at its end. */
export interface Waiting {
  readonly request: WaitingRequest | null
  /** Null where its client does not tell (databases). */
  readonly waits: boolean | null
  /** The timer of the program that gave the request up, where the socket is not told so. */
  readonly timedOut: ClientTimer['kind'] | null
}

const UNTOLD: Waiting = { request: null, waits: null, timedOut: null }

/**
 * What waits on a socket that is being destroyed. `latest` is the request that was found the last
 * time, which its client may have taken off the socket by now.
 */
export function waitingAtEnd(socket: Socket, latest: WaitingRequest | null): Waiting {
  try {
    const streams = openStreams(socket)
    if (streams !== null) {
      const [first] = streams
      return {
        request: first === undefined ? null : describeHeaders(first),
        waits: streams.length > 0,
        timedOut: null,
      }
    }
    const request = waitingRequest(socket) ?? latest
    const tells = request !== null || '_httpMessage' in socket || ofUndici.has(socket)
    if (!tells) return UNTOLD
    const last = ofUndici.get(socket)?.deref()
    const givenUp = last === undefined ? undefined : timedOut.get(last)
    return { request, waits: request !== null, timedOut: givenUp ?? null }
  } catch {
    return UNTOLD
  }
}

function describeHeaders(headers: Readonly<Record<string, unknown>>): WaitingRequest {
  const { ':method': method, ':authority': authority, ':path': path } = headers
  const host = typeof authority === 'string' ? hostOf(`http://${authority}`) : null
  return describeRequest(method, host, typeof path === 'string' ? path : '/')
}

function httpRequest(socket: Socket): WaitingRequest | null {
  const request = (socket as { _httpMessage?: HttpRequest | null })._httpMessage
  if (!request || request.res || typeof request.path !== 'string') return null
  return describeRequest(request.method, request.host, request.path)
}

function undiciRequest(socket: Socket): WaitingRequest | null {
  const request = ofUndici.get(socket)?.deref()
  if (request === undefined || answered.has(request)) return null
  if (request.completed || request.aborted) return null
  const host = typeof request.origin === 'string' ? hostOf(request.origin) : null
  return typeof request.path === 'string'
    ? describeRequest(request.method, host, request.path)
    : null
}
