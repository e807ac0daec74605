import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Decision } from '../../../src/connections/policy'
import { type Entry, Registry } from '../../../src/connections/registry'
import type { Finding } from '../../../src/findings/finding'
import type { LostMessage } from '../../../src/findings/messages'
import { patch } from '../../../src/hook/patch'
import { createProcFs, type ProcFs } from '../../../src/kernel/proc-fs'
import { type Config, parseConfig } from '../../../src/settings/config'
import { Auditor } from '../../../src/watch/auditor'
import { ForeignAuditor } from '../../../src/watch/native-auditor'
import { protection } from '../../standard-protection'

const none = () => {}
/** The table is read, which these tests put under its hand. */
const { config: standard } = parseConfig({ NAT_KEEPALIVE_NATIVE: 'off' })
const thresholdMs = 192_000
const limitMs = 240_000

const excluded: Decision = { action: 'leave', reason: 'excluded', rule: '127.0.0.1' }

/** Everything that is opened below /proc. */
function counted(proc: ProcFs): { proc: ProcFs; paths: string[] } {
  const paths: string[] = []
  const note = <R>(method: (path: string) => R) => {
    return (path: string): R => {
      paths.push(path)
      return method(path)
    }
  }
  return {
    paths,
    proc: {
      read: note(proc.read),
      link: note(proc.link),
      isFile: note(proc.isFile),
      open: note(proc.open),
      openFolder: note(proc.openFolder),
    },
  }
}

interface Bench {
  readonly registry: Registry
  readonly auditor: Auditor
  /** What was told, in order. */
  readonly told: Finding[]
  /** How long the auditor asked to wait, each time. */
  readonly delays: number[]
  /** A connection that has been idle for so long. */
  open(idleMs: number, decision?: Decision): Promise<{ entry: Entry; socket: Socket }>
}

/** An auditor over real connections to loopback; it does not have to wait for its timers. */
async function bench(
  t: Test,
  proc: ProcFs,
  changes: Partial<Config> = {},
  onLater: (delayMs: number) => void = none,
): Promise<Bench> {
  const config = { ...standard, idleLoopback: true, ...changes }
  const sockets = new Set<Socket>()
  const server = net.createServer((socket) => sockets.add(socket.on('error', none)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const told: Finding[] = []
  const onWarning = (warning: Error & { code?: string }) => {
    if (warning.name !== 'NatKeepaliveWarning') return
    told.push({ code: warning.code as Finding['code'], text: warning.message, data: {} })
  }
  process.on('warning', onWarning)

  const registry = new Registry()
  const delays: number[] = []
  const later = (look: () => void, delayMs: number) => {
    delays.push(delayMs)
    onLater(delayMs)
    const timer = setTimeout(look, Math.min(delayMs, 5))
    return () => clearTimeout(timer)
  }
  const foreign = new ForeignAuditor(registry, config, later, proc)
  const auditor = new Auditor(registry, config, later, proc, foreign)
  t.teardown(() => {
    auditor.stop()
    process.off('warning', onWarning)
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const open = async (idleMs: number, decision: Decision = protection) => {
    const socket = net.connect(port, '127.0.0.1').on('error', none)
    sockets.add(socket)
    await once(socket, 'connect')
    if (decision.action === 'protect') socket.setKeepAlive(true, decision.delayMs ?? 0)
    const endpoint = { host: '127.0.0.1', port }
    const entry = registry.add(socket, endpoint, null, decision, undefined)
    entry.openedAt = (entry.openedAt ?? 0) - idleMs
    entry.activeAt -= idleMs
    entry.movedAfter -= idleMs
    return { entry, socket }
  }
  return { registry, auditor, told, delays, open }
}

/** Waits until so many findings were told. */
async function until(told: readonly Finding[], count: number): Promise<void> {
  while (told.length < count) await sleep(2)
}

t.test('a look with nothing past the threshold does not read the table', async (t) => {
  const { proc, paths } = counted(createProcFs())
  const { auditor, told, open } = await bench(t, proc)
  for (const idleMs of [0, 10_000, 100_000, 180_000]) await open(idleMs)
  for (let look = 0; look < 5; look++) auditor.look()
  await sleep(20)
  t.same(paths, [])
  t.same(told, [])
})

t.test('something past it reads the table once, for all that is told of', async (t) => {
  const { proc, paths } = counted(createProcFs())
  const { auditor, told, open } = await bench(t, proc)
  for (let index = 0; index < 5; index++) await open(200_000)
  await open(200_000, excluded)
  auditor.look()
  await until(told, 1)
  t.match(told, [{ code: 'NKA202', text: /^6 connections .* keeps 1 of them alive\. / }])
  t.equal(paths.filter((path) => path === 'self/net/tcp').length, 1)
  t.same(auditor.counters, { idle: 1, lost: 0 })
  for (let look = 0; look < 5; look++) auditor.look()
  await sleep(20)
  t.equal(paths.filter((path) => path === 'self/net/tcp').length, 1, 'told, so not asked again')
  t.equal(told.length, 1)
})

t.test('while the kernel is asked no second look tells the same', async (t) => {
  const { auditor, told, open } = await bench(t, createProcFs())
  await open(200_000)
  for (let look = 0; look < 5; look++) auditor.look()
  await until(told, 1)
  await sleep(20)
  t.equal(told.length, 1)
})

t.test('a look says when the next connection could pass the threshold', async (t) => {
  const { auditor, open } = await bench(t, createProcFs())
  t.equal(await auditor.look(), thresholdMs)
  await open(180_000)
  const next = await auditor.look()
  t.ok(next <= 12_000 && next > 6_000, `${next} ms`)
})

/** Lets the episode of a connection end, and another one begin. */
async function again({ auditor }: Bench, entry: Entry, idleMs = 200_000): Promise<void> {
  const { activeAt, movedAfter } = entry
  entry.activeAt += idleMs
  await auditor.look()
  Object.assign(entry, { activeAt, movedAfter })
  await auditor.look()
}

/** What the channel of idle connections said. */
function listen(t: Test): Finding[] {
  const said: Finding[] = []
  const onIdle = (message: unknown) => said.push(message as Finding)
  channel('nat-keepalive:idle').subscribe(onIdle)
  t.teardown(() => channel('nat-keepalive:idle').unsubscribe(onIdle))
  return said
}

t.test('that nothing is wrong is told once, and the channel has every episode', async (t) => {
  const one = await bench(t, createProcFs())
  const said = listen(t)
  const { entry } = await one.open(200_000)
  await one.auditor.look()
  await until(one.told, 1)
  for (let episode = 2; episode <= 5; episode++) {
    await again(one, entry)
    await until(said, episode)
  }
  t.strictSame(
    said.map(({ code }) => code),
    ['NKA201', 'NKA201', 'NKA201', 'NKA201', 'NKA201'],
  )
  t.equal(one.told.length, 1)
  t.same(one.auditor.counters, { idle: 1, lost: 0 }, 'what was not told is not counted')
  const other = await one.open(200_000)
  other.entry.endpoint = { host: 'other.test', port: 1 }
  await one.auditor.look()
  await until(one.told, 2)
  t.match(one.told[1]?.text, /other\.test:1/, 'another destination is another matter')
})

t.test(
  'that something is wrong is told in every episode, also after that nothing was',
  async (t) => {
    const one = await bench(t, createProcFs())
    const said = listen(t)
    const { entry, socket } = await one.open(200_000)
    await one.auditor.look()
    await until(one.told, 1)
    entry.decision = excluded
    socket.setKeepAlive(false)
    for (let episode = 2; episode <= 4; episode++) {
      await again(one, entry)
      await until(said, episode)
    }
    await until(one.told, 4)
    t.strictSame(
      one.told.map(({ code }) => code),
      ['NKA201', 'NKA202', 'NKA202', 'NKA202'],
    )
  },
)

/**
 * A /proc whose table has these columns for the socket one after the other, the last ones for good:
 * timer, retransmissions, and unanswered probes.
 */
function captured(t: Test, socket: Socket, timers: readonly string[], state = '01') {
  const hex = (port = 0) => port.toString(16).toUpperCase().padStart(4, '0')
  const folders = timers.map((timer, index) => {
    const columns = timer.includes(' ') ? timer : `${timer} 00000000     0        0`
    const line =
      `   0: 0100007F:${hex(socket.localPort)} 0100007F:${hex(socket.remotePort)} ${state} ` +
      `00000000:00000000 ${columns} 4711 2 0000000000000000 20 4 0 10 -1\n`
    return [`${index}`, { self: { net: { tcp: `  sl  local_address\n${line}` } } }] as const
  })
  const root = t.testdir(Object.fromEntries(folders))
  const procs = folders.map(([name]) => createProcFs(`${root}/${name}`, 'linux'))
  let asked = 0
  const open: ProcFs['open'] = (path) => {
    const proc = procs[Math.min(asked, procs.length - 1)] as ProcFs
    if (path === 'self/net/tcp6') asked++
    return proc.open(path)
  }
  return { open, count: () => asked }
}

const probed = (count: number) => `02:00000064 00000000     0 ${count}`
const sentAgain = (count: number) => `01:00000064 0000000${count}     0 0`

const words: readonly [
  name: string,
  timers: readonly string[],
  asked: number,
  code: string,
  text?: string,
  state?: string,
][] = [
  ['it is armed', ['02:00001194'], 1, 'NKA201'],
  ['it is off', ['00:00000000'], 1, 'NKA202'],
  ['hidden, then armed', ['01:00000014', '02:00001194'], 2, 'NKA201'],
  ['hidden by both, then off', ['01:00000014', '04:00000014', '00:00000000'], 3, 'NKA202'],
  ['hidden for good', ['01:00000014'], 5, 'NKA202'],
  ['a probe on its way', [probed(1), probed(0)], 2, 'NKA201'],
  ['a probe unanswered for good', [probed(1)], 5, 'NKA202', 'is not answered yet'],
  [
    'probes unanswered',
    [probed(1), probed(2)],
    5,
    'NKA202',
    'nobody answers on it any more. 2 probes',
  ],
  ['probes answered late', [probed(2), probed(0)], 2, 'NKA201'],
  ['data unacknowledged', [sentAgain(3)], 5, 'NKA202', 'sent again 3 times'],
  ['data acknowledged late', [sentAgain(3), probed(0)], 2, 'NKA201'],
  ['closed by the peer', ['02:00001194'], 5, 'NKA202', 'the peer has closed it', '08'],
  ['ended by the program', ['02:00001194'], 1, 'NKA201', 'keepalive protects it', '05'],
]

for (const [name, timers, asked, code, text = '', state] of words) {
  t.test(`${name}: asked ${asked === 1 ? 'once' : `${asked} times`}, ${code}`, async (t) => {
    let table: ReturnType<typeof captured> | undefined
    const real = createProcFs()
    const proc: ProcFs = { ...real, open: (path) => table?.open(path) ?? real.open(path) }
    const { auditor, told, open, delays } = await bench(t, proc)
    table = captured(t, (await open(200_000)).socket, timers, state)
    auditor.look()
    await until(told, 1)
    t.equal(told[0]?.code, code)
    t.ok(told[0]?.text.includes(text), `${told[0]?.text}`)
    t.equal(table.count(), asked)
    const later = delays.filter((delayMs) => delayMs === 250)
    t.equal(later.length, asked - 1, 'apart from each other')
  })
}

t.test('a connection that ends while the kernel is asked is not warned about', async (t) => {
  const real = createProcFs()
  let closing: Socket | undefined
  const proc: ProcFs = {
    ...real,
    open(path) {
      closing?.destroy()
      return real.open(path)
    },
  }
  const { auditor, told, open } = await bench(t, proc)
  closing = (await open(200_000)).socket
  auditor.look()
  while (!closing.destroyed) await sleep(2)
  // While one question is under way another is not asked: when this is told, the first is over.
  const other = await open(200_000)
  other.entry.endpoint = { host: 'other.test', port: 1 }
  closing = undefined
  while (!told.some(({ text }) => text.includes('other.test:1'))) {
    auditor.look()
    await sleep(2)
  }
  t.equal(told.length, 1)
})

t.test(
  'where there is no table, what the hook set is told, and once why no more is known',
  async (t) => {
    const one = await bench(t, createProcFs('/proc', 'darwin'))
    const said = listen(t)
    const { entry } = await one.open(200_000)
    await one.auditor.look()
    await until(one.told, 1)
    await again(one, entry)
    await until(said, 2)
    const other = await one.open(200_000)
    other.entry.endpoint = { host: 'other.test', port: 1 }
    await one.auditor.look()
    await until(one.told, 2)
    const set = 'A first probe after 45s idle was set on it'
    t.match(one.told, [
      {
        code: 'NKA201',
        text: `idle for 3m20s. ${set}, and whether it runs is not known: there is no /proc on darwin. `,
      },
      { code: 'NKA201', text: `other.test:1 has been idle for 3m20s. ${set}. ` },
    ])
    for (const { text } of one.told) t.notMatch(text, /audit|Nothing is lost/)
    t.notMatch(one.told[1]?.text, '/proc')
  },
)

t.test('where there is no table, what nobody protects is told with the reason', async (t) => {
  const { auditor, told, open } = await bench(t, createProcFs('/proc', 'darwin'))
  await open(200_000, excluded)
  auditor.look()
  await until(told, 1)
  t.match(told, [{ code: 'NKA202', text: /not known.*there is no \/proc on darwin\./ }])
  t.match(told[0]?.text, /take that out of NAT_KEEPALIVE_EXCLUDE\.$/)
})

t.test('descriptors that the hook does not know are looked for at every fourth beat', async (t) => {
  const auditMs = 1_000
  const { uptime } = process
  let now = 1_000
  process.uptime = () => now
  t.teardown(() => {
    process.uptime = uptime
  })
  const { proc, paths } = counted(createProcFs())
  const lookedAt: number[] = []
  let beats = 0
  const { auditor } = await bench(t, proc, { auditMs }, (delayMs) => {
    if (delayMs !== auditMs) return
    // The end of a beat; the next one comes when its time has passed.
    if (paths.filter((path) => path === 'self/fd').length > lookedAt.length) lookedAt.push(beats)
    beats++
    now += auditMs / 1_000
  })
  auditor.start()
  while (beats < 14) await sleep(2)
  t.strictSame(lookedAt.slice(0, 4), [0, 4, 8, 12])
})

t.test(
  'an exception while the kernel is asked does not escape, nor stop later warnings',
  async (t) => {
    const real = createProcFs()
    let broken = true
    const proc: ProcFs = {
      ...real,
      open(path) {
        if (broken) throw new Error('a defect of ours')
        return real.open(path)
      },
    }
    const { auditor, told, open } = await bench(t, proc)
    const escaped: unknown[] = []
    const onRejection = (reason: unknown) => escaped.push(reason)
    process.on('unhandledRejection', onRejection)
    t.teardown(() => process.off('unhandledRejection', onRejection))
    await open(200_000)
    t.doesNotThrow(() => auditor.look())
    await sleep(20)
    t.same(told, [])
    broken = false
    const other = await open(200_000)
    other.entry.endpoint = { host: 'other.test', port: 1 }
    auditor.look()
    await until(told, 1)
    t.match(told, [{ code: 'NKA201', text: /other\.test:1/ }])
    t.same(escaped, [])
  },
)

t.test('an exception in a look does not escape, nor end the beat', async (t) => {
  const { auditor, open, delays } = await bench(t, createProcFs(), { auditMs: 1_000 })
  const { socket } = await open(0)
  let thrown = 0
  Object.defineProperty(socket, 'connecting', {
    configurable: true,
    get() {
      thrown++
      throw new Error('theirs')
    },
  })
  auditor.start()
  while (thrown < 3) await sleep(2)
  t.ok(delays.filter((delayMs) => delayMs === 1_000).length >= 3)
  Object.defineProperty(socket, 'connecting', { configurable: true, value: false })
})

t.test('off is no beat at all, and stop ends one', async (t) => {
  const off = await bench(t, createProcFs(), { auditMs: null })
  off.auditor.start()
  t.same(off.delays, [])
  const on = await bench(t, createProcFs(), { auditMs: 1_000 })
  const beats = () => on.delays.filter((delayMs) => delayMs === 1_000).length
  on.auditor.start()
  while (beats() < 3) await sleep(2)
  on.auditor.stop()
  const before = beats()
  await sleep(30)
  t.equal(beats(), before)
})

/** A connection of its own, idle for beyond the limit at the last look, whose end is seen. */
async function dying(t: Test, { registry, auditor }: Bench, decision: Decision) {
  const { undo } = patch(net.Socket.prototype, {
    connecting: none,
    revise: (_socket, args) => args,
    closing: (socket, error) => registry.closing(socket, error),
  })
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    undo()
    server.close()
  })
  const accepted = once(server, 'connection')
  const { port } = server.address() as AddressInfo
  const socket = net.connect(port, '127.0.0.1').on('error', none)
  await once(socket, 'connect')
  const [peer] = (await accepted) as [Socket]
  const entry = registry.add(socket, { host: 'db.test', port }, null, decision, undefined)
  entry.activeAt -= limitMs + 5_000
  entry.movedAfter = entry.activeAt
  await auditor.look()
  const die = async () => {
    peer.resetAndDestroy()
    await new Promise((done) => socket.once('close', done))
  }
  return { socket, die }
}

function lostMessages(t: Test): unknown[] {
  const lost: unknown[] = []
  const onLost = (message: unknown) => lost.push((message as LostMessage).data)
  channel('nat-keepalive:lost').subscribe(onLost)
  t.teardown(() => channel('nat-keepalive:lost').unsubscribe(onLost))
  return lost
}

t.test(
  'an idle connection that dies is NKA301, with the channel, and /proc is not read',
  async (t) => {
    const { proc, paths } = counted(createProcFs())
    const bed = await bench(t, proc, { idleWarnMs: null, idleLoopback: true })
    const { registry, auditor, told, open } = bed
    const lost = lostMessages(t)
    const { die } = await dying(t, bed, excluded)
    const { socket: young } = await open(0, excluded)
    await auditor.look()
    await die()
    young.destroy(
      Object.assign(new Error('young'), { code: 'ECONNRESET', errno: -104, syscall: 'read' }),
    )
    await auditor.look()
    await until(told, 1)
    t.match(told, [
      { code: 'NKA301', text: /db\.test:\d+ was reset \(ECONNRESET\) after 4m5s idle/ },
    ])
    t.match(lost, [{ end: 'reset' }, { end: 'reset' }], 'the channel has both, whatever fits')
    t.strictSame(
      lost.map((message) => Object.keys(message as object).sort()),
      lost.map(() => SHAPE),
      'in one shape',
    )
    t.same(auditor.counters, { idle: 0, lost: 1 })
    t.same(paths, [])
    t.equal(registry.size, 0)
  },
)

const SHAPE = [
  'code',
  'decision',
  'destination',
  'end',
  'firstProbeMs',
  'maxIdleMs',
  'minIdleMs',
  'opener',
  'recurs',
  'request',
  'sent',
  'stillMs',
  'timer',
  'waits',
]

t.test('deaths on loopback are told of where idle connections are', async (t) => {
  const bed = await bench(t, createProcFs(), { idleWarnMs: null, idleLoopback: false })
  const lost = lostMessages(t)
  const { die } = await dying(t, bed, excluded)
  await die()
  await bed.auditor.look()
  await sleep(10)
  t.same([lost, bed.told], [[], []])
})

/** A /proc with this value of net.ipv4.tcp_keepalive_time. */
function withKeepaliveTime(t: Test, seconds: number): ProcFs {
  const ipv4 = {
    tcp_keepalive_time: `${seconds}\n`,
    tcp_keepalive_intvl: '75\n',
    tcp_keepalive_probes: '9\n',
  }
  return createProcFs(t.testdir({ sys: { net: { ipv4 } } }), 'linux')
}

for (const [seconds, codes] of [
  [45, []],
  [7_200, ['NKA301']],
] as const) {
  t.test(`with the times of the kernel it is those that protect: ${seconds} s`, async (t) => {
    const bed = await bench(t, withKeepaliveTime(t, seconds), { idleWarnMs: null })
    const lost = lostMessages(t)
    const byKernel = { ...protection, delayMs: null, intervalMs: null, probes: null }
    const { die } = await dying(t, bed, byKernel)
    await die()
    await bed.auditor.look()
    await sleep(10)
    t.match(lost, [{ firstProbeMs: seconds * 1_000 }])
    t.same(
      bed.told.map(({ code }) => code),
      codes,
    )
  })
}

t.test('a look that ends after the stop tells nothing', async (t) => {
  const { registry, auditor, told, open } = await bench(t, createProcFs())
  const lost = lostMessages(t)
  const { entry, socket } = await open(250_000, excluded)
  await auditor.look()
  await until(told, 1)
  registry.closing(
    socket,
    Object.assign(new Error('reset'), { code: 'ECONNRESET', errno: -104, syscall: 'read' }),
  )
  const { socket: other, entry: idle } = await open(250_000)
  idle.endpoint = { host: 'other.test', port: 1 }
  // A look that is cut into slices, as by many sockets, is stopped meanwhile.
  const look = registry.look.bind(registry)
  registry.look = function* (observer) {
    yield* look(observer)
    auditor.stop()
  }
  t.equal(await auditor.look(), thresholdMs)
  await sleep(20)
  t.equal(told.length, 1, 'what was told before')
  t.same(lost, [])
  t.same(auditor.counters, { idle: 1, lost: 0 })
  t.equal(entry.listed, false)
  other.destroy()
})
