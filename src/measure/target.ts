import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Endpoint } from '../connections/endpoint'
import { errorCode } from './error-code'

/** What is measured: one address, whatever the name has. */
export interface Target extends Endpoint {
  readonly address: string
  /** All that the name has, the measured one among them. */
  readonly addresses: readonly string[]
}

/** Reads `HOST:PORT`, an IPv6 address in brackets; null for anything else. Pure. */
export function parseTarget(text: string): Endpoint | null {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 65_535) return null
  return bracketed !== undefined && isIP(bracketed) !== 6 ? null : { host, port }
}

/** Finds the addresses of a name. Throws a sentence where there are none. */
export async function resolveTarget(endpoint: Endpoint): Promise<readonly Target[]> {
  try {
    const found = await lookup(endpoint.host, { all: true, verbatim: true })
    const addresses = [...new Set(found.map(({ address }) => address))]
    return addresses.map((address) => ({ ...endpoint, address, addresses }))
  } catch (error) {
    throw new Error(`The name ${endpoint.host} has no address (${errorCode(error)}).`)
  }
}
