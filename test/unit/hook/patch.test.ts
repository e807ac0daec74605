import t from 'tap'
import { type Guard, patch } from '../../../src/hook/patch'

/** What stands for a Socket prototype: each method notes its call, and returns its name. */
function target() {
  const calls: unknown[][] = []
  const method =
    (name: string) =>
    (...args: unknown[]) => {
      calls.push([name, ...args])
      return name
    }
  const prototype = {
    connect: method('connect'),
    setKeepAlive: method('setKeepAlive'),
    _destroy: method('_destroy'),
  }
  return { calls, prototype }
}

function guardOf(told: unknown[][], changes: Partial<Guard> = {}): Guard {
  return {
    connecting: (_socket, args) => void told.push(['connecting', ...args]),
    revise: (_socket, args) => [...args, 'revised'],
    closing: (_socket, error) => void told.push(['closing', error]),
    ...changes,
  }
}

t.test('the guard is told, and Node gets the arguments that it revised', (t) => {
  const { calls, prototype } = target()
  const told: unknown[][] = []
  patch(prototype, guardOf(told))
  t.equal(prototype.connect(1, 2), 'connect')
  t.equal(prototype.setKeepAlive(true), 'setKeepAlive')
  t.equal(prototype._destroy('error', 'callback'), '_destroy')
  t.strictSame(told, [
    ['connecting', 1, 2],
    ['closing', 'error'],
  ])
  t.strictSame(calls, [
    ['connect', 1, 2],
    ['setKeepAlive', true, 'revised'],
    ['_destroy', 'error', 'callback'],
  ])
  t.end()
})

t.test('what the guard throws is a fault of ours, and the call goes on as it came', (t) => {
  const { calls, prototype } = target()
  const faults: unknown[] = []
  const fault = new Error('ours')
  const fail = (): never => {
    throw fault
  }
  const guard: Guard = { connecting: fail, revise: fail, closing: fail }
  patch(prototype, guard, (error) => void faults.push(error))
  prototype.connect(1)
  prototype.setKeepAlive(true, 5)
  prototype._destroy(null)
  t.strictSame(calls, [
    ['connect', 1],
    ['setKeepAlive', true, 5],
    ['_destroy', null],
  ])
  t.strictSame(faults, [fault, fault, fault])
  t.end()
})

t.test("undone, the methods are Node's again, and a copy of a wrapper passes through", (t) => {
  const { calls, prototype } = target()
  const before = { ...prototype }
  const told: unknown[][] = []
  const patched = patch(prototype, guardOf(told))
  const { connect, setKeepAlive } = prototype
  patched.undo()
  t.equal(prototype.connect, before.connect)
  t.equal(prototype.setKeepAlive, before.setKeepAlive)
  t.equal(prototype._destroy, before._destroy)
  connect(1)
  setKeepAlive(true)
  t.strictSame(told, [])
  t.strictSame(calls, [
    ['connect', 1],
    ['setKeepAlive', true],
  ])
  t.end()
})

t.test("the patch hands out Node's own setKeepAlive", (t) => {
  const { prototype } = target()
  const { setKeepAlive } = prototype
  t.equal(patch(prototype, guardOf([])).setKeepAlive as unknown, setKeepAlive)
  t.end()
})

t.test('where one method cannot be wrapped, none is', (t) => {
  const { prototype } = target()
  const before = prototype.connect
  Object.defineProperty(prototype, '_destroy', { value: 'no method' })
  t.throws(() => patch(prototype, guardOf([])), TypeError)
  t.equal(prototype.connect, before)
  t.end()
})
