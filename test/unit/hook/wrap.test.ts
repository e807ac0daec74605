import t from 'tap'
import { wrapMethod } from '../../../src/hook/wrap'

type Method = Parameters<Parameters<typeof wrapMethod>[2]>[0]

/** Marks what passes through it. */
function marking(mark: string) {
  return (original: Method): Method =>
    function (this: unknown, ...args) {
      return `${mark}(${original.apply(this, args)})`
    }
}

function target() {
  return {
    prefix: 'hello',
    greet(who: string, ...rest: string[]): string {
      return [this.prefix, who, ...rest].join(' ')
    },
  }
}

t.test('the wrapper gets the call, with its this and all its arguments', (t) => {
  const object = target()
  wrapMethod(object, 'greet', marking('ours'))
  t.equal(object.greet('a', 'b', 'c'), 'ours(hello a b c)')
  t.equal(object.greet.call({ ...object, prefix: 'bye' }, 'a'), 'ours(bye a)')
  t.end()
})

t.test('the original is made known once, at wrapping', (t) => {
  const object = target()
  const { greet } = object
  const made: unknown[] = []
  wrapMethod(object, 'greet', (original) => {
    made.push(original)
    return marking('ours')(original)
  })
  object.greet('a')
  t.same(made.length, 1)
  t.equal(made[0], greet)
  t.end()
})

t.test('name and length are kept, whatever they are', (t) => {
  const object = target()
  const bare = () => 'bare'
  Object.defineProperty(bare, 'name', { value: 'renamed', configurable: true })
  Object.defineProperty(bare, 'length', { value: 4, configurable: true })
  const own = { ...object, bare }
  const before = [own.greet, own.bare].map((method) => Object.getOwnPropertyDescriptors(method))
  wrapMethod(own, 'greet', marking('ours'))
  wrapMethod(own, 'bare', marking('ours'))
  for (const [index, method] of [own.greet, own.bare].entries()) {
    const { name, length } = Object.getOwnPropertyDescriptors(method)
    t.same(name, before[index]?.name)
    t.same(length, before[index]?.length)
  }
  t.equal(own.bare.name, 'renamed')
  t.equal(own.bare.length, 4)
  t.end()
})

t.test('the descriptor is kept, also through undo', (t) => {
  for (const flags of [
    { writable: true, enumerable: true, configurable: true },
    { writable: true, enumerable: false, configurable: true },
    { writable: false, enumerable: false, configurable: true },
    { writable: true, enumerable: true, configurable: false },
  ]) {
    const value = () => 'original'
    const object: { method?: () => string } = {}
    Object.defineProperty(object, 'method', { value, ...flags })
    const undo = wrapMethod(object, 'method', marking('ours'))
    const { value: wrapper, ...kept } = Object.getOwnPropertyDescriptor(object, 'method') ?? {}
    t.same(kept, flags)
    t.not(wrapper, value)
    t.equal(object.method?.(), 'ours(original)')
    undo()
    t.strictSame(Object.getOwnPropertyDescriptor(object, 'method'), { value, ...flags })
  }
  t.end()
})

t.test('undo restores the original while ours is on top', (t) => {
  const object = target()
  const { greet } = object
  wrapMethod(object, 'greet', marking('ours'))()
  t.equal(object.greet, greet)
  t.end()
})

t.test('undo leaves a later wrapper alone, and ours still passes calls on', (t) => {
  const object = target()
  const undo = wrapMethod(object, 'greet', marking('ours'))
  wrapMethod(object, 'greet', marking('theirs'))
  const { greet } = object
  undo()
  t.equal(object.greet, greet)
  t.equal(object.greet('a'), 'theirs(ours(hello a))')
  t.end()
})

t.test('undo works once the later wrapper is gone, and after that does nothing', (t) => {
  const object = target()
  const { greet } = object
  const undo = wrapMethod(object, 'greet', marking('ours'))
  const undoTheirs = wrapMethod(object, 'greet', marking('theirs'))
  undo()
  undoTheirs()
  undo()
  t.equal(object.greet, greet)
  const again = () => 'again'
  object.greet = again
  undo()
  t.equal(object.greet, again)
  t.end()
})

t.test('undo does not bring back a method that somebody deleted or made an accessor', (t) => {
  const deleted: { greet?: unknown } = target()
  const undo = wrapMethod(deleted, 'greet', marking('ours'))
  delete deleted.greet
  undo()
  t.notOk('greet' in deleted)

  const accessor = target()
  const undoAccessor = wrapMethod(accessor, 'greet', marking('ours'))
  const get = () => () => 'theirs'
  Object.defineProperty(accessor, 'greet', { get, configurable: true })
  undoAccessor()
  t.equal(Object.getOwnPropertyDescriptor(accessor, 'greet')?.get, get)
  t.end()
})

t.test('what is no method throws a TypeError that names it, and nothing is changed', (t) => {
  const objects: readonly object[] = [
    {},
    { greet: undefined },
    { greet: null },
    { greet: 'text' },
    { greet: {} },
    Object.create(target()),
    {
      get greet() {
        return () => 'from a getter'
      },
    },
  ]
  for (const object of objects) {
    const before = Object.getOwnPropertyDescriptors(object)
    t.throws(
      () => wrapMethod(object, 'greet', () => t.fail('nothing is made') as never),
      new TypeError('There is no method greet to wrap.'),
    )
    t.same(Object.getOwnPropertyDescriptors(object), before)
  }
  t.end()
})

t.test('a frozen target throws and keeps its method', (t) => {
  const object = Object.freeze(target())
  const { greet } = object
  t.throws(() => wrapMethod(object, 'greet', marking('ours')), TypeError)
  t.equal(object.greet, greet)
  t.equal(object.greet('a'), 'hello a')
  t.end()
})

t.test('a target that is frozen later keeps our wrapper, and undo says so', (t) => {
  const object = target()
  const undo = wrapMethod(object, 'greet', marking('ours'))
  Object.freeze(object)
  t.throws(undo, TypeError)
  t.equal(object.greet('a'), 'ours(hello a)')
  t.end()
})

t.test('what the maker throws leaves the method as it was', (t) => {
  const object = target()
  const { greet } = object
  const make = () => {
    throw new Error('not today')
  }
  t.throws(() => wrapMethod(object, 'greet', make), { message: 'not today' })
  t.equal(object.greet, greet)
  t.end()
})
