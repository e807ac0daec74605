import t from 'tap'
import { parseTcpLine } from '../../../src/kernel/tcp-line'
import { established, garbled, six, timeWait } from './tcp-lines'

t.test('addresses', (t) => {
  const table: readonly [string, string][] = [
    ['00000000', '0.0.0.0'],
    ['0100007F', '127.0.0.1'],
    ['FFFFFFFF', '255.255.255.255'],
    ['04030201', '1.2.3.4'],
    ['0a0b0c0d', '13.12.11.10'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000001000000', '::1'],
    ['0000000000000000FFFF00000100007F', '127.0.0.1'],
    ['0000000000000000FFFF0000FFFFFFFF', '255.255.255.255'],
    ['0000000000000000000000000100007F', '::7f00:1'],
    ['0000000001000000FFFF00000100007F', '::1:0:ffff:7f00:1'],
    ['B80D0120000000000000000001000000', '2001:db8::1'],
    ['000080FE00000000FF005450B6AD1DFE', 'fe80::5054:ff:fe1d:adb6'],
    ['B80D0120010000000000000001000000', '2001:db8:0:1::1'],
    ['00000100000001000000010000000100', '1:0:1:0:1:0:1:0'],
    ['01000100000001000100000001000100', '1:1:1::1:1:1'],
    ['FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ]
  for (const [hex, address] of table) {
    const line = ` 0: ${hex}:0001 ${hex}:FFFF 01 00000000:00000000 00:00000000 00000000 0 0 7 1`
    const socket = parseTcpLine(line)
    t.equal(socket?.localAddress, address, hex)
    t.equal(socket?.remoteAddress, address, hex)
    t.same([socket?.localPort, socket?.remotePort], [1, 65_535])
  }
  t.end()
})

t.test('numbers as long as they can be', (t) => {
  const line = established
    .replace('  10:', '1234567:')
    .replace('0038D286:00000000 04:00000057', 'FFFFFFFF:FFFFFFFE 02:FFFFFFFF')
    .replace('00000000     0        0 2071418', 'FFFFFFFD 4294967294 12345678 4294967295')
  t.match(parseTcpLine(line), {
    timer: 'keepalive',
    txQueue: 4_294_967_295,
    rxQueue: 4_294_967_294,
    whenMs: 42_949_672_950,
    retransmits: 4_294_967_293,
    probes: 12_345_678,
    inode: 4_294_967_295,
  })
  t.end()
})

t.test('every state and timer the kernel has', (t) => {
  const states =
    'established syn-sent syn-received fin-wait-1 fin-wait-2 time-wait close close-wait'
  for (const [index, state] of `${states} last-ack listen closing new-syn-received`
    .split(' ')
    .entries()) {
    const line = established.replace(' 01 ', ` 0${(index + 1).toString(16).toUpperCase()} `)
    t.equal(parseTcpLine(line)?.state, state)
  }
  for (const [index, timer] of 'none retransmit keepalive time-wait zero-window'
    .split(' ')
    .entries()) {
    t.equal(parseTcpLine(established.replace(' 04:', ` 0${index}:`))?.timer, timer)
  }
  t.end()
})

t.test('a garbled line is nothing', (t) => {
  for (const line of [established, timeWait, six]) t.not(parseTcpLine(line), null)
  for (const line of garbled) {
    t.notOk([established, timeWait, six].includes(line), 'it was changed')
    t.equal(parseTcpLine(line), null, JSON.stringify(line.slice(0, 100)))
  }
  t.equal(parseTcpLine('  sl  local_address rem_address   st tx_queue'), null)
  for (let length = 0; length <= 98; length++) {
    t.equal(parseTcpLine(established.slice(0, length)), null, `${length} bytes of a line`)
  }
  t.end()
})
