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
  if (Array.isArray(first)) [first, second] = first
  if (typeof first === 'object' && first !== null) {
    const options = first as { path?: unknown; host?: unknown; port?: unknown }
    return options.path ? null : endpoint(options.host, options.port)
  }
  return endpoint(typeof second === 'string' ? second : undefined, first)
}

function endpoint(host: unknown, port: unknown): Endpoint | null {
  if (typeof port !== 'number' && (typeof port !== 'string' || port.trim() === '')) return null
  const number = Number(port)
  if (!Number.isInteger(number) || number < 0 || number > 65_535) return null
  return { host: typeof host === 'string' && host !== '' ? host : 'localhost', port: number }
}
