import { channel } from 'node:diagnostics_channel'
import t from 'tap'
import { subscribe } from '../../../src/process/subscribe'

t.test('messages come until it is stopped', (t) => {
  const own = channel('nat-keepalive-test:messages')
  const seen: unknown[] = []
  const stop = subscribe(own, (message) => seen.push(message))
  own.publish(1)
  stop()
  own.publish(2)
  t.strictSame(seen, [1])
  t.notOk(own.hasSubscribers)
  t.end()
})

t.test('a message that is not understood is nobody’s uncaughtException', async (t) => {
  const own = channel('nat-keepalive-test:foreign')
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', note)
  t.teardown(() => process.off('uncaughtException', note))
  const stop = subscribe(own, (message) => (message as { socket: { id: number } }).socket.id)
  for (const message of [undefined, null, 7, {}, { socket: null }]) own.publish(message)
  stop()
  await new Promise((done) => setImmediate(done))
  t.strictSame(uncaught, [])
})
