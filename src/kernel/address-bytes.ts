import { formatIpv6Groups } from './ip-text'

/** An IPv4 address of four bytes as text. */
export function formatIpv4Bytes(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + 4).join('.')
}

/** An IPv6 address of sixteen bytes as in RFC 5952; as IPv4 where it is a mapped IPv4 address. */
export function formatIpv6Bytes(bytes: Uint8Array, at: number): string {
  const groups: number[] = []
  for (let offset = at; offset < at + 16; offset += 2) groups.push(bigEndian16(bytes, offset))
  return formatIpv6Groups(groups)
}

/** A port as it is in a packet. */
export function bigEndian16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
