import t, { type Test } from 'tap'
import { type Frame, framesBelow } from '../../../src/connections/opener-stack'
import { runNode } from '../../run-node'

/** The stack below the function itself, as the wrapped method has it. */
function connect(limit = 10): readonly Frame[] {
  return framesBelow(connect, limit)
}

t.test('the frames below the wrapper, innermost first, as many as wanted', (t) => {
  const [first] = connect()
  t.match(first?.getFileName(), /opener-stack\.test\.ts$/)
  const deep = (depth: number): readonly Frame[] => (depth > 0 ? deep(depth - 1) : connect(25))
  const { stackTraceLimit } = Error
  t.equal(deep(50).length, 25, 'whatever the limit of the program')
  t.equal(Error.stackTraceLimit, stackTraceLimit)
  t.equal(connect(1).length, 1)
  t.end()
})

const NAMES = ['prepareStackTrace', 'stackTraceLimit'] as const

function restoreErrorAfter(t: Test): void {
  const before = NAMES.map((name) => Object.getOwnPropertyDescriptor(Error, name))
  t.teardown(() => {
    for (const [index, name] of NAMES.entries()) {
      delete (Error as unknown as Record<string, unknown>)[name]
      const descriptor = before[index]
      if (descriptor !== undefined) Object.defineProperty(Error, name, descriptor)
    }
  })
}

/** Puts a property on Error, captures, and sees that it is as it was and that nothing was called. */
function assertUntouched(t: Test, name: string, property: string, descriptor: PropertyDescriptor) {
  Object.defineProperty(Error, property, descriptor)
  const frames = connect()
  t.match(Object.getOwnPropertyDescriptor(Error, property), descriptor, `${name}: stays`)
  return frames
}

t.test("the program's own Error.prepareStackTrace is not called and stays", (t) => {
  restoreErrorAfter(t)
  const own = () => t.fail('it was called')
  const table: readonly [string, PropertyDescriptor][] = [
    ['assigned', { value: own, writable: true, enumerable: true, configurable: true }],
    ['hidden', { value: own, writable: true, enumerable: false, configurable: true }],
    ['no function', { value: 'nonsense', writable: true, enumerable: true, configurable: true }],
    ['undefined', { value: undefined, writable: true, enumerable: true, configurable: true }],
    ['read-only', { value: own, writable: false, enumerable: true, configurable: true }],
    ['accessor', { get: own, set: own, enumerable: true, configurable: true }],
    ['getter only', { get: own, enumerable: false, configurable: true }],
  ]
  for (const [name, descriptor] of table) {
    const frames = assertUntouched(t, name, 'prepareStackTrace', descriptor)
    t.ok(frames.length > 0, `${name}: there are frames`)
  }
  delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace
  t.ok(connect().length > 0)
  t.notOk(Object.hasOwn(Error, 'prepareStackTrace'), 'none: stays away')
  t.end()
})

t.test("the program's Error.stackTraceLimit stays as it is, and no accessor is called", (t) => {
  restoreErrorAfter(t)
  const own = () => t.fail('it was called')
  const table: readonly [string, PropertyDescriptor][] = [
    ['0', { value: 0, writable: true, enumerable: true, configurable: true }],
    ['Infinity', { value: Infinity, writable: true, enumerable: true, configurable: true }],
    ['no number', { value: 'ten', writable: true, enumerable: true, configurable: true }],
    ['hidden', { value: 5, writable: true, enumerable: false, configurable: true }],
    ['read-only', { value: 5, writable: false, enumerable: true, configurable: true }],
    ['accessor', { get: own, set: own, enumerable: true, configurable: true }],
    ['setter only', { set: own, enumerable: true, configurable: true }],
  ]
  for (const [name, descriptor] of table) {
    const frames = assertUntouched(t, name, 'stackTraceLimit', descriptor)
    t.ok(frames.length > 1, `${name}: there are frames`)
  }
  delete (Error as { stackTraceLimit?: unknown }).stackTraceLimit
  t.ok(connect().length > 1)
  t.notOk(Object.hasOwn(Error, 'stackTraceLimit'), 'none: stays away')
  t.end()
})

t.test('an Error that cannot be changed costs the frames and nothing else', async (t) => {
  const table: readonly [string, string, boolean][] = [
    ['frozen', 'Object.freeze(Error)', false],
    ['closed to new properties', 'Object.preventExtensions(Error)', true],
    [
      'a limit that stays, and can be written',
      "Object.defineProperty(Error, 'stackTraceLimit', { value: 3, writable: true, configurable: false })",
      true,
    ],
    [
      'a limit that stays, behind an accessor',
      "Object.defineProperty(Error, 'stackTraceLimit', { get: fail, set: fail, configurable: false })",
      false,
    ],
    ['without captureStackTrace', 'delete Error.captureStackTrace', false],
    ['one that throws', 'Error.captureStackTrace = fail', false],
  ]
  for (const [name, change, found] of table) {
    const { code, stdout, stderr } = await runNode([
      '-e',
      `'use strict'
      const { framesBelow } = require('./dist/connections/opener-stack.js')
      const fail = () => { throw new Error('it was called') }
      const own = () => 'its own'
      Error.prepareStackTrace = own
      Error.stackTraceLimit = 3
      ${change}
      const before = Object.getOwnPropertyDescriptors(Error)
      const frames = framesBelow(undefined, 10)
      require('assert').deepStrictEqual(Object.getOwnPropertyDescriptors(Error), before)
      console.log(frames.length > 0)`,
    ])
    t.same({ code, stdout, stderr }, { code: 0, stdout: `${found}\n`, stderr: '' }, name)
  }
})

t.test('frozen intrinsics do no harm', async (t) => {
  const script = `
    require('./dist/connections/opener-stack.js').framesBelow(undefined, 10)
    console.log('ran')`
  const { stdout, code } = await runNode(['--frozen-intrinsics', '-e', script])
  t.equal(stdout, 'ran\n')
  t.equal(code, 0)
})
