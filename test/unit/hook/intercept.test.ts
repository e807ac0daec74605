import { channel } from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type Guard, intercept } from '../../../src/hook/intercept'

const create = channel('undici:request:create')

const idle: Guard = {
  connecting() {},
  revise: (_socket, args) => args,
  closing() {},
  requested() {},
  leavingRoot() {},
}

/** Intercepts while the test runs. */
function put(t: Test, changes: Partial<Guard>) {
  const faults: unknown[] = []
  const interception = intercept({ ...idle, ...changes }, (error) => void faults.push(error))
  t.teardown(interception.undo)
  return { interception, faults }
}

t.test('what is published on the channel of undici is told, until it is undone', (t) => {
  const messages: unknown[] = []
  const { interception } = put(t, { requested: (message) => void messages.push(message) })
  create.publish(1)
  interception.undo()
  create.publish(2)
  t.strictSame(messages, [1])
  t.end()
})

t.test('the stack of a request begins below the wrapper', (t) => {
  let stack = ''
  put(t, {
    requested(_message, wrapper) {
      const trace: { stack?: string } = {}
      Error.captureStackTrace(trace, wrapper as () => void)
      stack = trace.stack ?? ''
    },
  })
  create.publish({})
  const [, first, second] = stack.split('\n')
  t.match(first, /publish .*diagnostics_channel/)
  t.match(second, /intercept\.test\.ts/)
  t.end()
})

t.test('what a guard throws is told as a fault, and reaches nobody else', async (t) => {
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', note)
  t.teardown(() => process.off('uncaughtException', note))
  const fault = new Error('ours')
  const { faults } = put(t, {
    requested() {
      throw fault
    },
    closing() {
      throw fault
    },
  })
  create.publish({})
  new Socket().destroy()
  await new Promise((done) => setImmediate(done))
  t.strictSame(faults, [fault, fault])
  t.strictSame(uncaught, [])
})

t.test('another guard takes the place of the first, and what it is told comes to it', (t) => {
  const told: string[] = []
  const { interception } = put(t, { closing: () => void told.push('first') })
  interception.guard = { ...idle, closing: () => void told.push('second') }
  new Socket().destroy()
  t.strictSame(told, ['second'])
  t.end()
})

t.test('the prototype is as it was when it is undone', (t) => {
  const names = ['connect', 'setKeepAlive', '_destroy'] as const
  const own = () => names.map((name) => (Socket.prototype as never)[name] as unknown)
  const before = own()
  const { interception } = put(t, {})
  t.strictNotSame(own(), before)
  interception.undo()
  t.strictSame(own(), before)
  t.end()
})
