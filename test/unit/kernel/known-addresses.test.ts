import t from 'tap'
import { KnownAddresses } from '../../../src/kernel/known-addresses'
import type { Socket } from './diag-messages'
import { visitRecords } from './records'

const mapped = [...Array(10).fill(0), 255, 255, 198, 51, 100, 2]
const six = [0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 1]

/** What is said of each of these addresses, for the remote end of each record in turn. */
function remotes(addresses: readonly string[], sockets: readonly Partial<Socket>[]): boolean[][] {
  const known = new KnownAddresses()
  const said: boolean[][] = []
  visitRecords(sockets, (record) => {
    said.push(addresses.map((address) => known.is(address, record, 'remote')))
  })
  return said
}

t.test('an address is the one it is written as, the first time and later', (t) => {
  const one = {}
  const other = { remote: [198, 51, 100, 3] }
  t.strictSame(remotes(['198.51.100.2', '198.51.100.3'], [one, other, one, other]), [
    [true, false],
    [false, true],
    [true, false],
    [false, true],
  ])
  t.end()
})

t.test('the two ends are told apart', (t) => {
  const known = new KnownAddresses()
  visitRecords([{}, {}], (record) => {
    t.ok(known.is('192.0.2.2', record, 'local'))
    t.ok(known.is('198.51.100.2', record, 'remote'))
    t.notOk(known.is('198.51.100.2', record, 'local'))
    t.notOk(known.is('192.0.2.2', record, 'remote'))
  })
  t.end()
})

t.test('a mapped address is IPv4, in records of both families', (t) => {
  const sockets = [{}, { family: 10, remote: mapped }, {}, { family: 10, remote: mapped }]
  t.strictSame(remotes(['198.51.100.2', '2001:db8::1'], sockets), Array(4).fill([true, false]))
  t.end()
})

t.test('IPv6 differs in any of its words', (t) => {
  const others = [0, 4, 8, 15].map((at) => six.map((byte, index) => byte ^ Number(index === at)))
  const sockets = [six, ...others, six].map((remote) => ({ family: 10, remote }))
  t.strictSame(remotes(['2001:db8::1'], sockets).flat(), [true, false, false, false, false, true])
  t.end()
})
