import type { SocketRecord } from './sock-diag'

/** What an address is in a record: its four words, or the one of IPv4. */
type Words = readonly number[]

/** Where the two addresses of a connection begin in a record. */
export type End = 'local' | 'remote'

/**
 * Compares the addresses of records with those of sockets of JavaScript, which are text. Text is made
 * of a record only for an address that was not met before: with thousands of connections to a few
 * destinations everything else is a comparison of numbers.
 */
export class KnownAddresses {
  readonly #words = new Map<string, Words>()

  /** Whether this end of the record has the address, written as in RFC 5952 and IPv4 as such. */
  is(address: string, record: SocketRecord, end: End): boolean {
    const key = record.ipv6 ? `6 ${address}` : address
    const known = this.#words.get(key)
    if (known !== undefined) return known.every((word, at) => record.addressWord(end, at) === word)
    const text = end === 'local' ? record.localAddress : record.remoteAddress
    if (text !== address) return false
    const length = record.ipv6 ? 4 : 1
    const words = Array.from({ length }, (_, at) => record.addressWord(end, at))
    this.#words.set(key, words)
    return true
  }
}
