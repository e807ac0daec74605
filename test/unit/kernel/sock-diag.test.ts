import t from 'tap'
import { MessageBuffer, parseReply, SocketRecord } from '../../../src/kernel/sock-diag'
import { int32, message, type Socket, socketMessage, tcpInfo } from './diag-messages'

const DONE = message(3, int32(0))

/** Parses messages, and takes down what `get` says of each socket. */
function parse<T>(
  messages: readonly Buffer[],
  get: (record: SocketRecord) => T,
  cut = 0,
): { reading: ReturnType<typeof parseReply>; seen: T[] } {
  const bytes = Buffer.concat(messages)
  const buffer = new MessageBuffer(4096)
  buffer.bytes.set(bytes)
  const seen: T[] = []
  const visit = (record: SocketRecord) => seen.push(get(record))
  const reading = parseReply(buffer, bytes.length - cut, new SocketRecord(buffer), visit)
  return { reading, seen }
}

/** What a record says of itself. */
function facts(record: SocketRecord) {
  const { ipv6, state, timer, retries, timerMs, localPort, remotePort } = record
  const { localAddress, remoteAddress, cookie, rxQueue, txQueue, uid, inode } = record
  return {
    ...{ ipv6, state, timer, retries, timerMs, localPort, remotePort },
    ...{ localAddress, remoteAddress, cookie, rxQueue, txQueue, uid, inode },
  }
}

t.test('a socket with all that belongs to it', (t) => {
  const { reading, seen } = parse([socketMessage(), DONE], facts)
  t.strictSame(reading, { known: true, value: { more: false, records: 1, skipped: 0 } })
  t.strictSame(seen, [
    {
      ipv6: false,
      state: 'established',
      timer: 'keepalive',
      retries: 0,
      timerMs: 30_000,
      localPort: 40_000,
      remotePort: 5432,
      localAddress: '192.0.2.2',
      remoteAddress: '198.51.100.2',
      cookie: 4097,
      rxQueue: 1,
      txQueue: 2,
      uid: 1000,
      inode: 123_456,
    },
  ])
  t.end()
})

const mapped = [...Array(10).fill(0), 255, 255, 198, 51, 100, 3]
const doc = [0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 1]

t.test('columns', (t) => {
  const table: readonly [string, Partial<Socket>, (record: SocketRecord) => unknown, unknown][] = [
    ['IPv6', { family: 10, remote: doc }, (record) => record.remoteAddress, '2001:db8::1'],
    ['mapped', { family: 10, remote: mapped }, (record) => record.remoteAddress, '198.51.100.3'],
    ['local', { family: 10, local: doc }, (record) => record.localAddress, '2001:db8::1'],
    ['port 443', { remotePort: 443 }, (record) => record.remotePort, 443],
    [
      'listening',
      { state: 10, timer: 0 },
      (record) => [record.state, record.timer],
      ['listen', 'none'],
    ],
    [
      'retransmits',
      { timer: 1, retries: 7 },
      (record) => [record.timer, record.retries],
      ['retransmit', 7],
    ],
    [
      'time-wait',
      { state: 6, timer: 3 },
      (record) => [record.state, record.timer],
      ['time-wait', 'time-wait'],
    ],
    ['window', { timer: 4 }, (record) => record.timer, 'zero-window'],
    ['overdue', { expires: 0xffff_fff6 }, (record) => record.timerMs, 0],
    ['longest', { expires: 32_767_000 }, (record) => record.timerMs, 32_767_000],
    [
      'cookie of an interrupt',
      { cookie: [0xffff_ffff, 0xffff_ffff] },
      (record) => record.cookie,
      -1,
    ],
    ['large cookie', { cookie: [1, 2] }, (record) => record.cookie, 2 ** 33 + 1],
    ['inode', { inode: 0xffff_ffff }, (record) => record.inode, 0xffff_ffff],
    ['uid', { uid: 65_534 }, (record) => record.uid, 65_534],
  ]
  for (const [name, changes, get, expected] of table) {
    t.strictSame(parse([socketMessage(changes)], get).seen, [expected], name)
  }
  t.end()
})

const info = tcpInfo({
  0: 0x0302_0001,
  1: 5,
  6: 4,
  11: 90,
  13: 15_000,
  14: 400,
  17: 250,
  25: 6,
  34: 9,
  35: 8,
})

t.test('struct tcp_info is found among the attributes', (t) => {
  const shutdown: [number, Buffer] = [8, Buffer.of(0)]
  const { seen } = parse(
    [socketMessage({ attributes: [shutdown, [2, info], [15, int32(3)]] }), DONE],
    ({ info }) =>
      info && {
        ...{ state: info.state, retransmits: info.retransmits, probes: info.unansweredProbes },
        ...{ backoff: info.backoff, unacked: info.unackedSegments, sent: info.lastDataSentMs },
        ...{ data: info.lastDataReceivedMs, ack: info.lastAckReceivedMs, silence: info.silenceMs },
        ...{ roundTrip: info.roundTripUs, total: info.totalRetransmits },
        ...{ out: info.segmentsOut, in: info.segmentsIn },
      },
  )
  t.strictSame(seen, [
    {
      ...{ state: 'established', retransmits: 2, probes: 3, backoff: 5, unacked: 4, sent: 90 },
      ...{ data: 15_000, ack: 400, silence: 400, roundTrip: 250, total: 6, out: 9, in: 8 },
    },
  ])
  t.end()
})

t.test('struct tcp_info of one socket is not taken for that of the next', (t) => {
  const messages = [socketMessage({ attributes: [[2, info]] }), socketMessage(), DONE]
  t.strictSame(parse(messages, (record) => record.info?.silenceMs ?? null).seen, [400, null])
  const short = [socketMessage({ attributes: [[2, tcpInfo({}, 104)]] })]
  t.strictSame(parse(short, (record) => record.info).seen, [null], 'of an older kernel')
  t.end()
})

t.test('the idle time before the first probe', (t) => {
  const table: readonly [string, Partial<Socket>, number | null][] = [
    ['what is left and the silence', { expires: 44_600 }, 45_000],
    ['a probe is unanswered', { expires: 15_000, retries: 1 }, null],
    ['another timer', { timer: 1 }, null],
    ['no timer', { timer: 0, expires: 0 }, null],
    ['no tcp_info', { attributes: [] }, null],
  ]
  for (const [name, changes, expected] of table) {
    const messages = [socketMessage({ attributes: [[2, info]], ...changes })]
    t.strictSame(parse(messages, (record) => record.keepaliveDelayMs).seen, [expected], name)
  }
  t.end()
})

t.test('replies', (t) => {
  const one = socketMessage()
  const done = (records: number, skipped = 0) => ({
    known: true,
    value: { more: false, records, skipped },
  })
  const more = (records: number, skipped = 0) => ({
    known: true,
    value: { more: true, records, skipped },
  })
  const error = (error: number) => ({ known: true, value: { error } })
  const cut = { known: false, why: 'a message of the kernel was cut short' }
  const broken = (at: number, value: number) => {
    const copy = Buffer.from(socketMessage({ attributes: [[2, info]] }))
    copy.writeUInt16LE(value, at)
    return copy
  }
  const table: readonly [string, Buffer[], object][] = [
    ['nothing yet', [], more(0)],
    ['some, and more to come', [one, one], more(2)],
    ['the end', [one, DONE], done(1)],
    ['nothing behind the end', [DONE, one], done(0)],
    ['an empty message', [message(1, Buffer.alloc(0)), one], more(1)],
    ['an unknown message', [message(99, int32(7)), one], more(1, 1)],
    ['an end with an error', [one, message(3, int32(-2))], error(-2)],
    ['an error', [message(2, int32(-95))], error(-95)],
    ['an error that is none', [message(2, int32(0))], done(0)],
    ['an error without a number', [message(2, Buffer.alloc(0))], done(0)],
    ['a record that is too short', [message(20, Buffer.alloc(68)), one], more(1, 1)],
    ['an unknown state', [socketMessage({ state: 13 }), one], more(1, 1)],
    ['state 0', [socketMessage({ state: 0 })], more(0, 1)],
    ['an unknown timer', [socketMessage({ timer: 5 })], more(0, 1)],
    ['an attribute without its header', [broken(88, 3)], more(0, 1)],
    ['an attribute of length 0', [broken(88, 0)], more(0, 1)],
    ['an attribute beyond its message', [broken(88, 400)], more(0, 1)],
    [
      'three bytes behind the last attribute',
      [message(20, Buffer.concat([one.subarray(16), Buffer.of(1, 2, 3)]))],
      more(1),
    ],
    ['a length of 0', [message(20, Buffer.alloc(72), 0)], cut],
    ['a length below that of a header', [message(20, Buffer.alloc(72), 15)], cut],
    ['a length beyond the end', [message(20, Buffer.alloc(72), 200)], cut],
    ['the largest length', [message(20, Buffer.alloc(72), 0xffff_ffff)], cut],
    ['half a header', [one, Buffer.alloc(8)], cut],
  ]
  for (const [name, messages, expected] of table) {
    t.strictSame(parse(messages, facts).reading, expected, name)
  }
  for (let missing = 1; missing < one.length; missing++) {
    const { reading, seen } = parse([one, one], facts, missing)
    t.strictSame([reading, seen.length], [cut, 1], `${missing} bytes missing`)
  }
  t.end()
})

t.test('garbage is never more than not understood', (t) => {
  let seed = 1
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return seed >>> 16
  }
  const valid = Buffer.concat([socketMessage({ attributes: [[2, info]] }), socketMessage(), DONE])
  let most = 0
  for (let round = 0; round < 2_000; round++) {
    const bytes = Buffer.from(valid)
    for (let change = random() % 4; change >= 0; change--) bytes[random() % bytes.length] = random()
    const { seen } = parse([bytes], (record) => [facts(record), record.info?.silenceMs])
    most = Math.max(most, seen.length)
  }
  t.equal(most, 2, 'and nobody is seen who is not there')
  t.end()
})
