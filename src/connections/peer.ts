interface Handle {
  getpeername?(out: object): number
}

/** The other end of a connection. */
export interface Peer {
  readonly address: string
  readonly port: number
}

/**
 * Who is at the other end, asked of the handle, past the socket, which would keep what it answers.
 * Undefined where the handle is not connected, or no longer.
 */
export function peerOf(handle: object | null | undefined): Peer | undefined {
  const out: Partial<Peer> = {}
  ;(handle as Handle | null | undefined)?.getpeername?.(out)
  return out.address === undefined ? undefined : (out as Peer)
}
