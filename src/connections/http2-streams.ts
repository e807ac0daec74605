import type { Socket } from 'node:net'

/** The headers of a request. */
type Headers = Readonly<Record<string, unknown>>

interface Session {
  readonly constructor?: { readonly name?: unknown }
}

interface State {
  readonly streams?: { values?(): Iterable<{ readonly sentHeaders?: Headers }> }
}

/**
 * The request headers of the HTTP/2 streams that are open on a socket; null where it has no session.
 * Node has no public way from the one to the other, but a property of the socket holds its session,
 * and one of the session's its streams. They are found by what they hold, as their names are not
 * public, and past accessors, which could be the program's.
 */
export function openStreams(socket: Socket): Headers[] | null {
  const session = held(socket, (value): value is Session => {
    return (value as Session).constructor?.name === 'ClientHttp2Session'
  })
  if (session === null) return null
  const state = held(session, (value): value is State => {
    return typeof (value as State).streams?.values === 'function'
  })
  return [...(state?.streams?.values?.() ?? [])].map(({ sentHeaders }) => sentHeaders ?? {})
}

function held<T extends object>(owner: object, is: (value: object) => value is T): T | null {
  for (const key of Reflect.ownKeys(owner)) {
    const value: unknown = Object.getOwnPropertyDescriptor(owner, key)?.value
    if (typeof value === 'object' && value !== null && is(value)) return value
  }
  return null
}
