/**
 * Which timer of the client gave a connection up. `headers` and `body`: those that fetch has for the
 * beginning of an answer and for the pauses in it; `signal`: AbortSignal.timeout(); `socket`: what was
 * set with socket.setTimeout(), by a client's own option too; `other`: one that tells no more.
 */
export interface ClientTimer {
  readonly kind: 'headers' | 'body' | 'signal' | 'socket' | 'other'
  /** What it was set to, in milliseconds, null where that is not known. */
  readonly ms: number | null
}

const BY_CODE: Readonly<Record<string, ClientTimer['kind']>> = {
  UND_ERR_HEADERS_TIMEOUT: 'headers',
  UND_ERR_BODY_TIMEOUT: 'body',
  ESOCKETTIMEDOUT: 'socket',
}

/** Which timer an error speaks of; `other` where it does not say. Never throws. */
export function timerOfError(error: unknown): ClientTimer['kind'] {
  try {
    const { code, name, cause } = (error ?? {}) as Record<string, unknown>
    const known = typeof code === 'string' && Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : null
    if (known) return known
    const { name: causeName } = (cause ?? {}) as Record<string, unknown>
    return name === 'TimeoutError' || causeName === 'TimeoutError' ? 'signal' : 'other'
  } catch {
    return 'other'
  }
}
