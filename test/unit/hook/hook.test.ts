import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import net, { Socket } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import type { Entry } from '../../../src/connections/registry'
import { Hook } from '../../../src/hook/hook'
import { patch } from '../../../src/hook/patch'
import { createLater } from '../../../src/process/later'
import { type Config, parseConfig } from '../../../src/settings/config'
import {
  closed,
  connected,
  kernelHas,
  libuvTimes,
  listen,
  resolvesTo,
  sysctlTimes,
  tlsFiles,
} from '../../loopback'
import { root, runNode } from '../../run-node'
import { setsProbes } from '../../ways-expected'

const host = '127.0.0.1'
const { config: standard } = parseConfig({})
const ours = setsProbes(process.versions.node) ? '45/15/24' : '45/1/10'

/** What the hook leaves where the program asks for so many seconds, which are fewer than ours. */
const shorter = (seconds: number) =>
  `${seconds}/${setsProbes(process.versions.node) ? '15/24' : '1/10'}`

/** A hook on the Socket of this process, while the test runs. */
function hooked(t: Test, changes: Partial<Config> = {}): Hook & { undo(): void } {
  let hook: Hook | undefined
  const patched = patch(Socket.prototype, {
    connecting: (...args) => hook?.connecting(...args),
    revise: (socket, args) => hook?.revise(socket, args) ?? args,
    closing: (socket, error) => hook?.closing(socket, error),
  })
  hook = new Hook({ ...standard, ...changes }, patched.setKeepAlive, createLater())
  const undo = () => {
    patched.undo()
    hook?.stop()
  }
  t.teardown(undo)
  return Object.assign(hook, { undo })
}

function entryOf(hook: Hook, socket: Socket): Entry {
  const entry = hook.registry.get(socket)
  if (entry === undefined) throw new Error('The socket is not known.')
  return entry
}

/** A name of which the hook does not know the address. */
const named = (port: number, ...addresses: string[]) => ({
  port,
  host: 'some.test',
  lookup: resolvesTo(...(addresses.length > 0 ? addresses : [host])),
})

/** What was published on the channels of the hook while the test runs. */
function published(t: Test): string[] {
  const seen: string[] = []
  for (const name of ['protect', 'override']) {
    const one = channel(`nat-keepalive:${name}`)
    const note = (message: unknown) => {
      const { applied } = (message as { data: { applied: { reason: string } } }).data
      seen.push(`${name} ${applied.reason}`)
    }
    one.subscribe(note)
    t.teardown(() => one.unsubscribe(note))
  }
  return seen
}

t.test('a socket has our schedule, whatever the program asks but a shorter delay', async (t) => {
  const hook = hooked(t)
  const port = await listen(t)
  const open = (options: object) => connected(t, net.connect({ port, host, ...options }))
  const table: readonly [options: object, kernel: string, reason: string][] = [
    [{}, ours, 'unasked'],
    [{ keepAlive: true }, ours, 'no-delay'],
    [{ keepAlive: true, keepAliveInitialDelay: 600_000 }, ours, 'longer'],
    [{ keepAlive: true, keepAliveInitialDelay: 5_000 }, shorter(5), 'shorter'],
  ]
  for (const [options, kernel, reason] of table) {
    const socket = await open(options)
    t.equal(kernelHas(socket), kernel, reason)
    t.match(entryOf(hook, socket).decision, { action: 'protect', reason }, reason)
  }
  const socket = await open({})
  socket.setKeepAlive(false)
  t.equal(kernelHas(socket), ours)
  t.match(entryOf(hook, socket), { asked: { enable: false }, decision: { reason: 'off' } })
  socket.setKeepAlive(true, 5_000)
  t.equal(kernelHas(socket), shorter(5))
})

t.test('what cannot be connected to is left to Node', async (t) => {
  const hook = hooked(t)
  const socket = new Socket()
  t.teardown(() => socket.destroy())
  t.throws(() => socket.connect({ port: 99_999_999, host }), { code: 'ERR_SOCKET_BAD_PORT' })
  t.equal(hook.registry.added, 0)
})

t.test(
  'a socket that connects again keeps what the program asked for, not what we did',
  async (t) => {
    const hook = hooked(t, { exclude: ['left.test', '127.0.0.3'] })
    const port = await listen(t)
    const socket = new Socket()
    const again = async (options: net.TcpNetConnectOpts) => {
      socket.connect(options)
      await once(socket, 'connect')
      const seen = [kernelHas(socket), entryOf(hook, socket).decision.reason]
      await closed(socket)
      return seen
    }
    t.teardown(() => socket.destroy())
    const left = { port, host: 'left.test', lookup: resolvesTo(host) }
    t.same(await again({ port, host }), [ours, 'unasked'])
    t.same(await again(left), ['off', 'excluded'])
    t.same(await again(named(port)), [ours, 'unasked'])
    t.same(await again(left), ['off', 'excluded'])
    socket.setKeepAlive(true, 0)
    t.same(await again({ port, host }), [ours, 'no-delay'])
    t.same(await again(left), [sysctlTimes(), 'excluded'], 'on, with no time set')
    socket.setKeepAlive(true, 600_000)
    t.same(await again(named(port)), [ours, 'longer'])
    t.same(await again(left), [libuvTimes(600), 'excluded'])
    hook.exempt(socket)
    t.same(await again({ port, host }), [libuvTimes(600), 'exempt'])
  },
)

t.test('an exempt socket is left alone, before, while and after it connects', async (t) => {
  for (const exclude of [[], ['192.0.2.1']]) {
    const hook = hooked(t, { exclude })
    const port = await listen(t)
    const before = new Socket()
    hook.exempt(before)
    t.equal(kernelHas(await connected(t, before.connect(named(port)))), 'off')

    const later = await connected(t, net.connect(named(port)))
    hook.exempt(later)
    t.equal(kernelHas(later), ours, 'what is set stays')
    later.setKeepAlive(true, 600_000)
    t.equal(kernelHas(later), libuvTimes(600))
    t.match(entryOf(hook, later).decision, { reason: 'exempt', touched: true })
    hook.undo()
  }
  const hook = hooked(t, { exclude: ['127.0.0.0/8'] })
  const port = await listen(t)
  const socket = net.connect(named(port))
  hook.exempt(socket)
  t.equal(kernelHas(await connected(t, socket)), 'off')
  t.strictSame(entryOf(hook, socket).decision, { action: 'leave', reason: 'exempt' })
})

t.test('a name is excluded by the address that was connected to', async (t) => {
  const port = await listen(t)
  const table: readonly [rule: string, addresses: string[], on: boolean][] = [
    ['127.0.0.0/8', [host], false],
    [`127.0.0.1:${port}`, [host], false],
    [`127.0.0.1:${port === 1 ? 2 : 1}`, [host], true],
    ['10.0.0.0/8', [host], true],
    // The first one refuses.
    ['127.0.0.1', ['127.0.0.2', host], false],
    ['127.0.0.2', ['127.0.0.2', host], true],
  ]
  for (const [rule, addresses, on] of table) {
    const hook = hooked(t, { exclude: ['other.test', rule] })
    const options = { ...named(port, ...addresses), autoSelectFamily: true }
    const socket = await connected(t, net.connect(options))
    t.equal(kernelHas(socket), on ? ours : 'off', `${rule}: ${addresses}`)
    const decision = on
      ? { action: 'protect', reason: 'unasked' }
      : { action: 'leave', reason: 'excluded', rule }
    t.match(entryOf(hook, socket).decision, decision, rule)
    t.equal('touched' in entryOf(hook, socket).decision, false, 'no time was ever set on it')
    socket.setKeepAlive(true, 600_000)
    t.equal(kernelHas(socket), on ? ours : libuvTimes(600))
    hook.undo()
  }
})

t.test(
  'an address is decided about at once, but for the one that stands for this machine',
  async (t) => {
    const hook = hooked(t, { exclude: ['127.0.0.0/8'] })
    const port = await listen(t)
    const literal = net.connect(port, host)
    t.equal(entryOf(hook, literal).decision.reason, 'excluded')
    const any = net.connect(port, '0.0.0.0')
    t.equal(entryOf(hook, any).decision.reason, 'unasked')
    for (const socket of [literal, any]) t.equal(kernelHas(await connected(t, socket)), 'off')
    t.equal(entryOf(hook, any).decision.reason, 'excluded')
  },
)

t.test('until its address is known a socket is as without us, and so are calls', async (t) => {
  const bare = new Socket({ keepAlive: true, keepAliveInitialDelay: 20_000 } as object)
  const hook = hooked(t, { exclude: ['127.0.0.0/8'] })
  const port = await listen(t)
  const socket = new Socket({ keepAlive: true, keepAliveInitialDelay: 20_000 } as object)
  const values = (one: Socket) =>
    Object.getOwnPropertySymbols(one)
      .filter((symbol) => /keepalive/i.test(String(symbol)))
      .map((symbol) => (one as unknown as Record<symbol, unknown>)[symbol])
  const before = values(bare)
  socket.connect(named(port))
  t.same(values(socket), before)
  t.match(entryOf(hook, socket).decision, { reason: 'shorter', delayMs: 20_000 })
  socket.setKeepAlive(true, 30_000)
  t.same(values(socket), values(bare.setKeepAlive(true, 30_000)))
  t.match(entryOf(hook, socket).decision, { reason: 'shorter', delayMs: 30_000 })
  t.equal(kernelHas(await connected(t, socket)), libuvTimes(30))
})

t.test('TLS around a socket that is connecting to a name', async (t) => {
  const port = await listen(t, tls.createServer(tlsFiles))
  for (const [rule, wanted] of [
    ['127.0.0.1', 'off'],
    ['127.0.0.2', ours],
  ] as const) {
    const hook = hooked(t, { exclude: [rule] })
    const inner = net.connect(named(port))
    const outer = tls.connect({ socket: inner, ca: tlsFiles.cert, servername: 'localhost' })
    outer.setKeepAlive(false)
    await connected(t, outer, 'secureConnect')
    t.equal(kernelHas(outer), wanted)
    t.equal(entryOf(hook, outer), entryOf(hook, inner))
    hook.undo()
  }
})

t.test('under respect an off for TLS around a connecting socket counts', async (t) => {
  hooked(t, { app: 'respect' })
  const port = await listen(t, tls.createServer(tlsFiles))
  const inner = net.connect(port, host)
  const outer = tls.connect({ socket: inner, ca: tlsFiles.cert, servername: 'localhost' })
  outer.setKeepAlive(false)
  t.equal(kernelHas(await connected(t, outer, 'secureConnect')), 'off')
})

t.test('what a program under respect asks of an excluded name is its own matter', async (t) => {
  const hook = hooked(t, { app: 'respect', exclude: ['127.0.0.1'] })
  const port = await listen(t)
  const socket = net.connect(named(port))
  socket.setKeepAlive(false)
  await connected(t, socket)
  t.match(entryOf(hook, socket).decision, { reason: 'excluded' })
  socket.setKeepAlive(true, 5_000)
  t.equal(kernelHas(socket), libuvTimes(5))
})

t.test('a socket on which the program has put the method that we use is protected', async (t) => {
  hooked(t, { exclude: ['127.0.0.2'] })
  const port = await listen(t)
  const socket = new Socket()
  const { _unrefTimer } = Socket.prototype as unknown as { _unrefTimer(): void }
  Object.assign(socket, {
    _unrefTimer(this: Socket) {
      return _unrefTimer.call(this)
    },
  })
  t.equal(kernelHas(await connected(t, socket.connect(named(port)))), ours)
})

t.test('the channels tell of a name once it is known what is done', async (t) => {
  hooked(t, { exclude: ['127.0.0.2'] })
  const port = await listen(t)
  const seen = published(t)
  const socket = net.connect(named(port)).setKeepAlive(false)
  t.same(seen, [])
  await connected(t, socket)
  t.same(seen, ['override off'])
  await connected(t, net.connect(named(port, '127.0.0.2')), 'error')
  await connected(t, net.connect(port, '127.0.0.1'))
  t.same(seen, ['override off', 'protect unasked'])
})

t.test('nothing is told of a name that is excluded', async (t) => {
  hooked(t, { exclude: ['127.0.0.1'] })
  const port = await listen(t)
  const seen = published(t)
  await connected(t, net.connect(named(port)))
  await connected(t, net.connect(port, host))
  t.same(seen, [])
})

t.test('a subscriber may close the socket that it is told of', async (t) => {
  hooked(t, { exclude: ['127.0.0.2'] })
  const port = await listen(t)
  const socket = net.connect({ ...named(port), noDelay: true })
  const protect = channel('nat-keepalive:protect')
  const close = () => socket.destroy()
  protect.subscribe(close)
  t.teardown(() => protect.unsubscribe(close))
  await once(socket, 'close')
  t.equal(socket.destroyed, true)
})

t.test('what is open already is adopted, and excluded by its address too', async (t) => {
  const port = await listen(t)
  const other = await listen(t)
  const open = async (options: net.NetConnectOpts) => connected(t, net.connect(options))
  const plain = await open({ port, host })
  const name = await open(named(port))
  const asked = await open({ port, host, keepAlive: true, keepAliveInitialDelay: 5_000 })
  const left = await open(named(other))
  const connecting = net.connect(named(port))
  const connectingLeft = net.connect(named(other))
  connectingLeft.setKeepAlive(true, 30_000)
  const hook = hooked(t, { exclude: [`127.0.0.1:${other}`] })
  hook.adopt()
  hook.adopt()
  t.equal(hook.registry.size, 6, 'each is adopted once')
  t.same([plain, name, asked, left].map(kernelHas), [ours, ours, shorter(5), 'off'])
  t.equal(entryOf(hook, plain).openedAt, null)
  t.match(entryOf(hook, asked), { asked: { delayMs: 5_000 }, decision: { reason: 'shorter' } })
  t.match(entryOf(hook, left).decision, { reason: 'excluded' })
  await Promise.all([connected(t, connecting), connected(t, connectingLeft)])
  t.same([connecting, connectingLeft].map(kernelHas), [ours, libuvTimes(30)])
})

t.test('a hook that follows another one decides about what still connects', async (t) => {
  const port = await listen(t)
  const earlier = hooked(t, { exclude: ['127.0.0.2'] })
  const sockets = [net.connect(named(port)), net.connect(named(port))] as const
  earlier.undo()
  t.equal(kernelHas(await connected(t, sockets[0])), ours, 'it was opened under the hook')

  const other = net.connect(named(port))
  hooked(t, { exclude: ['127.0.0.1'] }).adopt()
  t.equal(kernelHas(await connected(t, other)), 'off')
})

t.test('a setting that makes the hook fail leaves the sockets to Node', async (t) => {
  const config = { ...standard }
  const hook = hooked(t, config)
  Object.defineProperty(hook.config, 'auditMs', {
    get() {
      throw new Error('no')
    },
  })
  const port = await listen(t)
  const socket = await connected(t, net.connect(port, host))
  t.equal(kernelHas(socket), 'off')
  t.throws(() => hook.start(), 'which the installation guards')
  t.equal(socket.setKeepAlive(true, 600_000), socket)
  t.equal(kernelHas(socket), libuvTimes(600))
})

t.test('the parts that look at connections are loaded when they are first asked for', async (t) => {
  const source = `
    const net = require('node:net')
    const loaded = () => Object.keys(require.cache).some((name) => name.endsWith('watch.js'))
    const hook = globalThis[Symbol.for('nat-keepalive.1')].hook()
    const before = loaded()
    const { watch } = hook.upkeep
    console.log(before, loaded(), watch === hook.upkeep.watch, Boolean(watch.auditor))
    process.exit()`
  const { stdout } = await runNode(['-r', join(root, 'register.js'), '-e', source])
  t.equal(stdout, 'false true true true\n')
})
