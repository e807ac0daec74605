import t from 'tap'
import { TcpInfo } from '../../../src/kernel/tcp-info'

t.test('it is a window onto words, which moves and sees what changes', (t) => {
  const words = new Uint32Array(100)
  const info = new TcpInfo(words, 10)
  words[10] = 0x0403_0201
  words[11] = 5
  t.equal(info.state, 'established')
  t.equal(info.retransmits, 3)
  t.equal(info.unansweredProbes, 4)
  t.equal(info.backoff, 5)
  words[10 + 13] = 90_000
  words[10 + 14] = 800
  t.equal(info.silenceMs, 800, 'an answered probe is no data')
  words[10 + 13] = 20
  t.equal(info.silenceMs, 20, 'and data need be no acknowledgement')
  info.at = 50
  words[50] = 10
  t.strictSame([info.state, info.retransmits, info.silenceMs], ['listen', 0, 0])
  words[50] = 99
  t.equal(info.state, undefined)
  t.end()
})

t.test('what lies behind the end is 0', (t) => {
  const info = new TcpInfo(new Uint32Array(4).fill(7), 2)
  t.strictSame([info.segmentsIn, info.lastAckReceivedMs, info.unackedSegments], [0, 0, 0])
  t.end()
})
