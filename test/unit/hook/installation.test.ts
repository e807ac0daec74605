import net, { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createInstallation } from '../../../src/hook/installation'
import { installed } from '../../../src/hook/installed'
import { oncePerPart, type Part } from '../../../src/hook/part'
import { parseConfig } from '../../../src/settings/config'
import { connected, kernelHas, listen } from '../../loopback'

const { config } = parseConfig({})
const methods = ['connect', 'setKeepAlive', '_destroy'] as const
const own = () => methods.map((name) => (Socket.prototype as never)[name] as unknown)

interface Timer {
  readonly look: () => void
  readonly delayMs: number
  cancelled: boolean
}

/** An installation whose timers never run out. */
function install(t: Test, getConfig = () => config, auditMs: number | null = 60_000) {
  const timers: Timer[] = []
  const later = (look: () => void, delayMs: number) => {
    const timer = { look, delayMs, cancelled: false }
    timers.push(timer)
    return () => {
      timer.cancelled = true
    }
  }
  const errors: [unknown, Part][] = []
  const onError = oncePerPart((error, part) => void errors.push([error, part]))
  const installation = createInstallation({ config: getConfig, later, onError })
  installation.begin({ auditMs, delayMs: config.delayMs })
  const release = installation.acquire()
  t.teardown(release)
  return { installation, release, timers, errors }
}

t.test('the last user unpatches, and a user counts once', (t) => {
  const before = own()
  const { installation, release } = install(t)
  t.equal(installed(), installation)
  t.strictNotSame(own(), before)
  const second = installation.acquire()
  release()
  release()
  t.equal(installed(), installation, 'one is left')
  second()
  t.equal(installed(), undefined)
  t.strictSame(own(), before)
  t.end()
})

t.test('a hook that is loaded when the last user has left is told of nothing', async (t) => {
  const { installation, release } = install(t)
  const copy = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket
  release()
  const hook = installation.hook()
  const port = await listen(t)
  const socket = new Socket()
  copy.call(socket, { port, host: '127.0.0.1' })
  await connected(t, socket)
  t.equal(kernelHas(socket), 'off')
  t.equal(hook?.registry.added, 0)
})

t.test('the hook is loaded at the first connect, and not before', async (t) => {
  let asked = 0
  install(t, () => {
    asked++
    return config
  })
  const port = await listen(t)
  t.equal(asked, 0)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  t.equal(asked, 1)
  t.match(kernelHas(socket), /^45\//)
})

t.test('a hook that cannot be loaded is told of once, and the program goes on', async (t) => {
  const fault = new Error('not now')
  const { errors } = install(t, () => {
    throw fault
  })
  const port = await listen(t)
  for (let i = 0; i < 2; i++) {
    const socket = await connected(t, net.connect(port, '127.0.0.1'))
    t.equal(kernelHas(socket), 'off')
  }
  t.strictSame(errors, [[fault, 'hook']])
})

t.test(
  'what is done while connections are open comes at its times, by one timer at a time',
  (t) => {
    const { release, timers } = install(t)
    // All but the first look.
    for (let at = 0; at < 5; at++) timers[at]?.look()
    t.strictSame(
      timers.map(({ delayMs }) => delayMs),
      [3_750, 1_250, 2_500, 7_500, 15_000, 30_000],
      'a glance, the top-up, three more glances, the first look',
    )
    t.notOk(timers.at(-1)?.cancelled)
    release()
    t.ok(timers.at(-1)?.cancelled)
    t.strictSame(
      install(t, () => config, null).timers.map(({ delayMs }) => delayMs),
      [5_000],
      'without a watch there is only the top-up',
    )
    t.end()
  },
)
