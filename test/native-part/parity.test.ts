import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { needLab } from '../lab/need-lab'
import { root, withEnv } from '../run-node'

const program = join(root, 'test/native-part/programs/parity.cjs')

type Words = readonly number[]

/** Of what witnesses say in the same words. */
interface Options {
  keepalive: boolean
  idleSeconds: number
  intervalSeconds: number
  probes: number
  userTimeoutMs: number
  unacknowledgedBytes: number
  cookie: number
  local: [string, number]
  remote: [string, number]
  info: Words
}

interface Descriptor extends Options {
  state: string
  retransmits: number
  unansweredProbes: number
  backoff: number
}

interface Dumped {
  cookie: number
  state: string
  timer: string
  timerMs: number
  retries: number
  txQueue: number
  rxQueue: number
  uid: number
  inode: number
  local: [string, number]
  remote: [string, number]
  info: Words
  keepaliveDelayMs: number | null
}

interface Line {
  localAddress: string
  localPort: number
  remoteAddress: string
  remotePort: number
  state: string
  timer: string
  whenMs: number
  retransmits: number
  probes: number
  txQueue: number
  rxQueue: number
  inode: number
}

interface Row {
  name: string
  descriptor: Descriptor
  getsockopt: Options & { inode: number }
  before: Dumped
  line: Line
  after: Dumped
}

/** The schedule, the state and the timer of each, as the program made them. */
const expected: Readonly<Record<string, string>> = {
  listening: 'false 7200 75 9 0 listen none',
  'IPv4, as it comes': 'false 7200 75 9 0 established none',
  'IPv4, accepted': 'false 7200 75 9 0 established none',
  'IPv4, kept by Node': 'true 123 NODE 0 established keepalive',
  'IPv4, kept by us': 'true 45 15 24 90000 established keepalive',
  'IPv6, as it comes': 'false 7200 75 9 0 established none',
  'IPv6, accepted': 'false 7200 75 9 0 established none',
  'IPv6, kept by Node': 'true 123 NODE 0 established keepalive',
  'IPv6, kept by us': 'true 45 15 24 90000 established keepalive',
  'half closed by us': 'true 100 7 3 0 fin-wait-2 keepalive',
  'half closed by the peer': 'false 7200 75 9 0 close-wait none',
  connecting: 'true 45 15 24 0 syn-sent retransmit',
  'a closed window': 'true 45 15 24 0 established zero-window',
  'unacknowledged data': 'true 45 15 24 0 established retransmit',
}

/** In these the kernel is at work, and numbers change from one look to the next. */
const busy = ['connecting', 'a closed window', 'unacknowledged data']

/** tcpi_last_data_sent, tcpi_last_data_recv and tcpi_last_ack_recv, which grow. */
const ages = [11, 13, 14]

function without(words: Words): Words {
  return words.map((word, index) => (ages.includes(index) ? 0 : word))
}

function compare({ name, descriptor, getsockopt, before, line, after }: Row): void {
  t.test(name, (t) => {
    const { info, state, retransmits, unansweredProbes, backoff, ...options } = descriptor
    const { info: others, inode, ...same } = getsockopt
    t.strictSame(options, same, 'by descriptor as by getsockopt(2)')

    const listening = state === 'listen'
    const { local, cookie } = options
    // A dump has an address where there is none, and the peer of a connection that is to be.
    const remote = listening ? before.remote : options.remote
    const identity = { cookie, state, local, remote, inode }
    const { timer, rxQueue } = before
    const txQueue = listening ? 0 : before.txQueue
    if (name === 'connecting')
      t.strictSame(
        [remote, before.remote],
        [
          ['', 0],
          ['127.0.0.1', 9],
        ],
      )
    else t.match(before, identity, 'in the dump as by descriptor')
    const counted = busy.includes(name)
      ? { retransmits: line.retransmits, probes: line.probes }
      : { retransmits, probes: unansweredProbes }
    t.strictSame(
      { ...line, whenMs: 0 },
      {
        ...counted,
        ...{ localAddress: local[0], localPort: local[1], state, timer, inode, txQueue, rxQueue },
        ...{ remoteAddress: before.remote[0], remotePort: before.remote[1], whenMs: 0 },
      },
      'in /proc/net/tcp as in the dump',
    )
    const { keepalive, idleSeconds, intervalSeconds, probes, userTimeoutMs } = options
    const schedule = [keepalive, idleSeconds, `${intervalSeconds} ${probes}`, userTimeoutMs]
    const made = (expected[name] ?? '').replace('NODE', `${intervalSeconds} ${probes}`)
    t.equal([...schedule, state, timer].join(' '), made)

    if (timer === 'keepalive') {
      const left = [before.timerMs + 10, line.whenMs, after.timerMs - 10]
      t.strictSame(
        left,
        [...left].sort((a, b) => b - a),
        'until the timer runs out',
      )
      const delayMs = before.keepaliveDelayMs ?? 0
      t.ok(delayMs > idleSeconds * 1_000 - 1_000, `the delay is ${delayMs} ms`)
      t.ok(delayMs <= idleSeconds * 1_000 + 100, `the delay is ${delayMs} ms`)
    } else t.equal(before.keepaliveDelayMs, null)

    if (busy.includes(name)) {
      t.ok(retransmits + unansweredProbes + backoff > 0, 'it is at it')
      // A peer with a closed window answers each probe.
      if (timer === 'retransmit') t.ok(line.retransmits > 0, 'in /proc/net/tcp too')
      if (name !== 'connecting') t.equal(options.unacknowledgedBytes, txQueue)
      return t.end()
    }
    t.strictSame([retransmits, unansweredProbes, backoff], [0, 0, 0])
    t.strictSame(without(info), without(others), 'struct tcp_info as by getsockopt(2)')
    t.strictSame(without(info), without(before.info), 'struct tcp_info as in the dump')
    if (!listening) t.equal(options.unacknowledgedBytes, txQueue)
    for (const at of ages) {
      const looks = [others, before.info, after.info, info].map((words) => words[at] as number)
      t.strictSame(
        looks,
        [...looks].sort((a, b) => a - b),
        `word ${at} grows`,
      )
    }
    t.end()
  })
}

t.test('every witness says the same of every socket', (t) => {
  if (!needLab(t)) return t.end()
  const script = 'ip link set lo up; exec "$@"'
  const argv = ['unshare', '-rn', 'sh', '-ec', script, 'sh', process.execPath, program]
  const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  const [command = '', ...rest] = withEnv(env, argv)
  const { status, stdout, stderr } = spawnSync(command, rest, {
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  t.strictSame([status, stderr], [0, ''])
  const { uid, rows } = JSON.parse(stdout) as { uid: number; rows: Row[] }
  t.strictSame(
    rows.map(({ name }) => name),
    Object.keys(expected),
  )
  for (const row of rows) {
    t.equal(row.before.uid, uid)
    compare(row)
  }
  t.end()
})
