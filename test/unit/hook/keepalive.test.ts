import { once } from 'node:events'
import net, { Socket } from 'node:net'
import tls from 'node:tls'
import t from 'tap'
import type { Asked, Protection } from '../../../src/connections/policy'
import { Keepalive } from '../../../src/hook/keepalive'
import type { SetKeepAlive } from '../../../src/hook/patch'
import { closed, connected, kernelHas, listen, sysctlTimes, tlsFiles } from '../../loopback'
import { setsProbes } from '../../ways-expected'

const { node } = process.versions
const nodes = Socket.prototype.setKeepAlive as unknown as SetKeepAlive
const host = '127.0.0.1'
const keepalive = new Keepalive(nodes, node)

function protection(delayMs: number | null): Protection {
  const times = { intervalMs: delayMs === null ? null : 7_000, probes: delayMs === null ? null : 5 }
  return { action: 'protect', delayMs, ...times, reason: 'unasked' }
}

function asks(asked: Partial<Asked>): Asked {
  return { enable: true, delayMs: null, intervalMs: null, probes: null, ...asked }
}

/** What the kernel is to have of `protection`, or of a call with a delay only. */
const timesOf = (seconds: number) => `${seconds}/${setsProbes(node) ? '7/5' : '1/10'}`

/** Methods of which only the length is looked at, as Node's had and has them, and a wrapper's. */
const methods = {
  two: (_enable: unknown, _delay: unknown) => {},
  four: (_enable: unknown, _delay: unknown, _interval: unknown, _count: unknown) => {},
  wrapper: (..._args: unknown[]) => {},
}

/** One for a Node that takes an interval and a count, whichever runs this. */
const parsing = new Keepalive(methods.four as unknown as SetKeepAlive, node)

t.test('whether Node takes an interval is told by its method, else by its version', (t) => {
  const takes = (method: object, version: string) =>
    new Keepalive(method as SetKeepAlive, version).takesInterval
  t.equal(takes(methods.four, '18.0.0'), true)
  t.equal(takes(methods.two, '99.0.0'), false)
  const versions = {
    '18.20.8': false,
    '22.30.0': false,
    '23.19.0': false,
    '24.18.9': false,
    '24.19.0': true,
    '24.20.0': true,
    '25.19.0': false,
    '26.3.9': false,
    '26.4.0': true,
    '27.0.0': true,
  }
  for (const [version, wanted] of Object.entries(versions)) {
    t.equal(takes(methods.wrapper, version), wanted, version)
  }
  t.equal(keepalive.takesInterval, setsProbes(node), 'and of the Node that runs this')
  t.end()
})

t.test('a call is read as Node reads it', (t) => {
  const table: readonly [args: unknown[], asked: Asked][] = [
    [[], asks({ enable: false })],
    [[false, 5_000], asks({ enable: false, delayMs: 5_000 })],
    [[true], asks({})],
    [['yes', '5000'], asks({ delayMs: 5_000 })],
    [[true, 0], asks({})],
    [[true, -5_000], asks({})],
    [[true, 999], asks({})],
    [[true, 1_000], asks({ delayMs: 1_000 })],
    [[true, 1_999], asks({ delayMs: 1_000 })],
    [[true, Number.NaN], asks({})],
    [[true, 32_767_000], asks({ delayMs: 32_767_000 })],
    [[true, 32_767_999], asks({ delayMs: 32_767_000 })],
    [[true, 32_768_000], asks({})],
    [[true, 5_000, 2_000, 3], asks({ delayMs: 5_000, intervalMs: 2_000, probes: 3 })],
    [[true, 5_000, 32_767_000, 127], asks({ delayMs: 5_000, intervalMs: 32_767_000, probes: 127 })],
    [[true, 5_000, 32_768_000, 128], asks({ delayMs: 5_000 })],
    [[true, 5_000, 999, 0], asks({ delayMs: 5_000 })],
    [[true, 5_000, 1_000, 1], asks({ delayMs: 5_000, intervalMs: 1_000, probes: 1 })],
    [[true, 5_000, 2_000, 1.5], asks({ delayMs: 5_000, intervalMs: 2_000 })],
    [[true, 5_000, 2_000, '3'], asks({ delayMs: 5_000, intervalMs: 2_000 })],
    [[null], asks({ enable: false })],
    [[{}], asks({ enable: false })],
    [
      [{ enable: true, initialDelay: 5_000, interval: 2_000, count: 3 }],
      asks({ delayMs: 5_000, intervalMs: 2_000, probes: 3 }),
    ],
  ]
  for (const [args, wanted] of table) {
    t.strictSame(parsing.parse(args), wanted, JSON.stringify(args))
  }
  t.end()
})

t.test('a Node without interval and count sees neither them nor the object form', (t) => {
  const old = new Keepalive(methods.two as unknown as SetKeepAlive, node)
  t.strictSame(old.parse([true, 5_000, 2_000, 3]), asks({ delayMs: 5_000 }))
  t.strictSame(old.parse([{ enable: false, initialDelay: 5_000 }]), asks({}))
  t.strictSame(old.argumentsFor(protection(20_000)), [true, 20_000])
  t.strictSame(parsing.argumentsFor(protection(20_000)), [true, 20_000, 7_000, 5])
  t.strictSame(parsing.argumentsFor(protection(null)), [true, 0])
  t.end()
})

t.test('the longest delay that is read is the longest that the kernel takes', async (t) => {
  const port = await listen(t)
  const socket = await connected(t, net.connect(port, host))
  for (const [ms, idle] of [
    [32_767_000, 32_767],
    [32_768_000, 32_767],
  ] as const) {
    nodes.call(socket, false)
    nodes.call(socket, true, ms)
    t.match(kernelHas(socket), `${idle}/`, `${ms} ms`)
    const { delayMs } = keepalive.parse([true, ms])
    t.equal(delayMs, ms === 32_767_000 ? ms : null)
  }
})

t.test('what an option or an earlier call has left on a socket is found', (t) => {
  const option = (options: object) => new Socket(options as net.SocketConstructorOpts)
  const table: readonly [name: string, socket: Socket, asked: Asked | null][] = [
    ['nothing', new Socket(), null],
    ['an option that is off', option({ keepAlive: false, keepAliveInitialDelay: 5_000 }), null],
    ['an option without a delay', option({ keepAlive: true }), asks({})],
    [
      'an option with a delay',
      option({ keepAlive: true, keepAliveInitialDelay: 5_000 }),
      asks({ delayMs: 5_000 }),
    ],
    ['a call', new Socket().setKeepAlive(true, 20_000), asks({ delayMs: 20_000 })],
    ['the longest', new Socket().setKeepAlive(true, 32_767_000), asks({ delayMs: 32_767_000 })],
    ['one that is too long', new Socket().setKeepAlive(true, 32_768_000), asks({})],
    ['a call that switches off', new Socket().setKeepAlive(true, 5_000).setKeepAlive(false), null],
  ]
  for (const [name, socket, wanted] of table) t.strictSame(keepalive.stored(socket), wanted, name)
  t.end()
})

t.test(
  'on a socket that is not connected yet, the schedule is what it has when it is',
  async (t) => {
    const port = await listen(t)
    const open = async (delayMs: number | null, connecting: boolean) => {
      const socket = new Socket()
      if (connecting) socket.connect(port, host)
      keepalive.preset(socket, protection(delayMs))
      if (!connecting) socket.connect(port, host)
      return kernelHas(await connected(t, socket))
    }
    t.equal(await open(20_000, false), timesOf(20))
    t.equal(await open(20_000, true), timesOf(20))
    t.equal(await open(null, false), sysctlTimes())
    t.equal(await open(null, true), sysctlTimes(), 'the handle is hidden from a delay of 0')
  },
)

t.test('the same over TLS, whose socket has a handle from its birth', async (t) => {
  const port = await listen(t, tls.createServer(tlsFiles))
  for (const [delayMs, wanted] of [
    [20_000, timesOf(20)],
    [null, sysctlTimes()],
  ] as const) {
    const socket = tls.connect({ port, host, ca: tlsFiles.cert })
    keepalive.preset(socket, protection(delayMs))
    t.equal(kernelHas(await connected(t, socket)), wanted)
  }
})

t.test('the handle is back where the call throws', async (t) => {
  const port = await listen(t)
  const socket = net.connect(port, host)
  t.throws(() => keepalive.remember(socket, [true, Symbol('delay')]), TypeError)
  await connected(t, socket)
  t.equal(kernelHas(socket), 'off')
})

t.test('on a connected socket it sees past what Node remembers', async (t) => {
  const port = await listen(t)
  const socket = await connected(t, net.connect(port, host))
  keepalive.apply(socket, protection(20_000))
  t.equal(kernelHas(socket), timesOf(20))
  const { _handle } = socket as unknown as { _handle: { setKeepAlive(...args: unknown[]): void } }
  _handle.setKeepAlive(false, 0)
  t.equal(kernelHas(socket), 'off')
  keepalive.apply(socket, protection(20_000))
  t.equal(kernelHas(socket), timesOf(20))
})

t.test('what the program had asked for is put back for the next connection', async (t) => {
  const port = await listen(t)
  const again = async (asked: Asked | null) => {
    const socket = new Socket()
    keepalive.preset(socket, protection(20_000))
    await connected(t, socket.connect(port, host))
    t.equal(kernelHas(socket), timesOf(20))
    await closed(socket)
    keepalive.restore(socket, asked)
    socket.connect(port, host)
    await once(socket, 'connect')
    return kernelHas(socket)
  }
  t.equal(await again(null), 'off')
  t.equal(await again(asks({ enable: false, delayMs: 5_000 })), 'off')
  t.equal(await again(asks({})), sysctlTimes(), 'on, with no time set')
  t.equal(await again(asks({ delayMs: 30_000 })), '30/1/10')
  const own = asks({ delayMs: 30_000, intervalMs: 2_000, probes: 3 })
  t.equal(await again(own), setsProbes(node) ? '30/2/3' : '30/1/10')
})
