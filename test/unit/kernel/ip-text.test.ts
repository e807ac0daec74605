import t from 'tap'
import { formatIpv6Groups } from '../../../src/kernel/ip-text'

t.test('addresses of IPv6 are written as in RFC 5952', (t) => {
  const table: readonly [groups: number[], text: string][] = [
    [[0, 0, 0, 0, 0, 0, 0, 0], '::'],
    [[0, 0, 0, 0, 0, 0, 0, 1], '::1'],
    [[1, 0, 0, 0, 0, 0, 0, 0], '1::'],
    [[0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], '2001:db8::1'],
    // One group of zeros is no run; of two equal runs the first is shortened.
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], '2001:db8:0:1:1:1:1:1'],
    [[0x2001, 0, 0, 1, 0, 0, 0, 1], '2001:0:0:1::1'],
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], '2001:db8::1:0:0:1'],
    [[0xfe80, 0, 0, 0, 0x5054, 0xff, 0xfe1d, 0xadb6], 'fe80::5054:ff:fe1d:adb6'],
    [[1, 2, 3, 4, 5, 6, 7, 8], '1:2:3:4:5:6:7:8'],
  ]
  for (const [groups, text] of table) t.equal(formatIpv6Groups(groups), text)
  t.end()
})

t.test('a mapped IPv4 address is written as IPv4, and what only looks like one is not', (t) => {
  t.equal(formatIpv6Groups([0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201]), '192.0.2.1')
  t.equal(formatIpv6Groups([0, 0, 0, 0, 0, 0, 0xc000, 0x0201]), '::c000:201')
  t.equal(formatIpv6Groups([0, 0, 0, 0, 1, 0xffff, 0xc000, 0x0201]), '::1:ffff:c000:201')
  t.end()
})
