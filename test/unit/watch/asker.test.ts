import net from 'node:net'
import t, { type Test } from 'tap'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { parseConfig } from '../../../src/settings/config'
import { Asker } from '../../../src/watch/asker'
import { connected, listen } from '../../loopback'

const soon = (look: () => void) => {
  const timer = setTimeout(look, 1)
  return () => clearTimeout(timer)
}

/** An asker that reads the table, and how long it asked to wait. */
function askerFor(native: 'on' | 'off') {
  const delays: number[] = []
  const later = (look: () => void, delayMs: number) => {
    delays.push(delayMs)
    return soon(look)
  }
  const { config } = parseConfig({ NAT_KEEPALIVE_NATIVE: native })
  return { asker: new Asker(config, later, createProcFs('/proc')), delays }
}

async function open(t: Test) {
  return connected(t, net.connect(await listen(t), '127.0.0.1'))
}

t.test('the word is what the kernel has at the moment', async (t) => {
  const { asker } = askerFor('off')
  const socket = await open(t)
  t.match((await asker.ask([socket])).of(socket), { armed: false })
  socket.setKeepAlive(true, 45_000)
  t.match((await asker.ask([socket])).of(socket), { armed: true, state: 'established' })
})

t.test('what is known at once is asked about once', async (t) => {
  const { asker, delays } = askerFor('off')
  const socket = await open(t)
  t.match((await asker.askPatiently([socket])).of(socket), { armed: false })
  t.notOk(delays.includes(250))
})

t.test('what may tell more is asked about again, a few times', async (t) => {
  const { asker, delays } = askerFor('off')
  const server = net.createServer({ allowHalfOpen: true }, (socket) => void socket.end())
  const port = await listen(t, server)
  const closing = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await connected(t, closing, 'end').catch(() => {})
  const quiet = await open(t)
  const words = await asker.askPatiently([closing, quiet])
  t.match(words.of(closing), { state: 'close-wait', passing: true })
  t.match(words.of(quiet), { armed: false, passing: false })
  t.equal(delays.filter((delayMs) => delayMs === 250).length, 4)
})

t.test('the options of a socket need the native part, and an open socket', async (t) => {
  const socket = await open(t)
  t.equal(askerFor('off').asker.optionsOf(socket), null)
  const { asker } = askerFor('on')
  socket.setKeepAlive(true, 45_000)
  t.match(asker.optionsOf(socket), { keepalive: true, delayMs: 45_000 })
  socket.destroy()
  t.equal(asker.optionsOf(socket), null)
})
