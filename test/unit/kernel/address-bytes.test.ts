import t from 'tap'
import { bigEndian16, formatIpv4Bytes, formatIpv6Bytes } from '../../../src/kernel/address-bytes'

t.test('addresses of four and of sixteen bytes', (t) => {
  t.equal(formatIpv4Bytes(Uint8Array.of(9, 127, 0, 0, 1, 9), 1), '127.0.0.1')
  const table: readonly [string, string][] = [
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010db8000000010000000000000001', '2001:db8:0:1::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010db8000100000000000100000000', '2001:db8:1::1:0:0'],
    ['fe800000000000000000000000000000', 'fe80::'],
    ['00000000000000000000ffffc6336402', '198.51.100.2'],
    ['00000000000000000001ffffc6336402', '::1:ffff:c633:6402'],
    ['0064ff9b0000000000000000c6336402', '64:ff9b::c633:6402'],
  ]
  for (const [hex, text] of table) {
    t.equal(formatIpv6Bytes(Buffer.from(`00${hex}`, 'hex'), 1), text)
  }
  t.equal(bigEndian16(Uint8Array.of(0, 0x15, 0x38), 1), 5432)
  t.end()
})
