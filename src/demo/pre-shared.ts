import type { TlsOptions } from 'node:tls'

/** AES needs no certificate here; TLS 1.2 is the last for which Node takes keys like these. */
const both = { ciphers: 'PSK-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' } as const

const identity = 'nat-keepalive demo'

/**
 * TLS between two programs that share a key of their own (RFC 4279), so that the demo needs no
 * certificate, which would have to be kept with its key, or made. `secret` is hexadecimal.
 */
export function preShared(secret: string): { server: TlsOptions; client: ClientOptions } {
  const psk = Buffer.from(secret, 'hex')
  return {
    server: { ...both, pskCallback: () => psk },
    client: {
      ...both,
      pskCallback: () => ({ psk, identity }),
      // There is no certificate that could name a host: whoever has the key is the service.
      checkServerIdentity: () => undefined,
    },
  }
}

export interface ClientOptions {
  readonly ciphers: string
  readonly maxVersion: 'TLSv1.2'
  pskCallback(): { psk: Buffer; identity: string }
  checkServerIdentity(): undefined
}
