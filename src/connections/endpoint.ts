/** Where a connection goes, as the program named it. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/**
 * The destination in the arguments of `net.Socket#connect`, in every form that Node documents, the
 * one array that `net.connect` passes included. Null for Unix sockets and pipes, and for arguments
 * that Node will refuse.
 */
export function endpointOf(args: readonly unknown[]): Endpoint | null {
  let [first, second] = args
  if (Array.isArray(first)) {
    if (!isNormalized(first)) return null
    ;[first, second] = first
  }
  if (typeof first === 'object' && first !== null) {
    const options = first as { path?: unknown; host?: unknown; port?: unknown }
    return options.path ? null : endpoint(options.host, options.port)
  }
  return endpoint(typeof second === 'string' ? second : undefined, first)
}

/** What net.connect has normalized carries a private symbol; Node refuses any other array. */
function isNormalized(args: object): boolean {
  if (normalized !== undefined && normalized in args) return true
  normalized = Object.getOwnPropertySymbols(args)[0] ?? normalized
  return normalized !== undefined && normalized in args
}

/** The symbol, from the first time that it was seen: to look for it anew takes long. */
let normalized: symbol | undefined

function endpoint(host: unknown, port: unknown): Endpoint | null {
  if (typeof port !== 'number' && (typeof port !== 'string' || port.trim() === '')) return null
  const number = Number(port)
  if (!Number.isInteger(number) || number < 0 || number > 65_535) return null
  if (host && typeof host !== 'string') return null
  const name = typeof host === 'string' && host !== '' ? host : 'localhost'
  if (latest.host !== name || latest.port !== number) latest = { host: name, port: number }
  return latest
}

// The connections of a pool, opened one after the other, share one object.
let latest: Endpoint = { host: '', port: 0 }

/** `host:port`, with brackets around an IPv6 address. */
export function destinationOf({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** RFC 1122 127/8, RFC 4291 ::1, 127/8 mapped into IPv6, RFC 6761 localhost. */
export function isLoopback(host: string | undefined): boolean {
  return (
    host !== undefined && /^(::ffff:)?127(\.\d{1,3}){3}$|^::1$|^([^.]+\.)*localhost\.?$/i.test(host)
  )
}
