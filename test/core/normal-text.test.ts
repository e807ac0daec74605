import t from 'tap'
import { normalText } from './normal-text'

for (const [name, one, other] of [
  ['ports', 'listening on 127.0.0.1:43211', 'listening on 127.0.0.1:80'],
  ['process ids', '(node:71) Warning', '(node:8123) Warning'],
  ['times', 'after 12.5 ms', 'after 7.0 ms'],
  ['addresses in memory', "address: '0x0000000030027860'", "address: '0x000000004014fc30'"],
  ['random bytes', 'session_id: 455E34508545ABA4', 'session_id: B333FCAA6E2BC8DF'],
  ['UUIDs', '/0b8f3b1e-5a2c-4c1d-9e8f-aabbccddeeff', '/deadbeef-ffff-4abc-8abc-123456789012'],
  ['buffers', '<Buffer 16 03 ... 70 more bytes>', '<Buffer 17 aa ... 9 more bytes>'],
  ['names in the words of V8', '0x1: [String]: u#socket', '0x2: [String]: #socket'],
  ['strings in the words of V8', '<String[2]: c"ab">', '<String[2]: "ab">'],
  ['the order of lines', 'client\nserver\n', 'server\nclient\n'],
  ['how often a line comes', 'chunk of 3\nchunk of 4\n', 'chunk of 7\n'],
] as const) {
  t.test(`${name} are the same`, async (t) => {
    t.equal(normalText(one), normalText(other))
  })
}

for (const [name, one, other] of [
  ['a word', '[Symbol(kSetKeepAlive)]: true', '[Symbol(kSetKeepAlive)]: false'],
  ['a line', 'connected\n', 'connected\nclosed\n'],
  ['a code', 'code: ECONNRESET', 'code: EPIPE'],
  ['a word of the letters of hexadecimal digits', 'defaced', 'effaced'],
] as const) {
  t.test(`${name} is not`, async (t) => {
    t.not(normalText(one), normalText(other))
  })
}
