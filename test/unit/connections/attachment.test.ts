import { inspect } from 'node:util'
import t from 'tap'
import { Attachment } from '../../../src/connections/attachment'

t.test('a value stays with its object', async (t) => {
  const [target, other] = [{}, {}]
  t.equal(Attachment.get(target), undefined)
  const [first, second] = [{ first: true }, { second: true }]
  Attachment.set(target, first)
  t.equal(Attachment.get(target), first)
  Attachment.set(target, second)
  t.equal(Attachment.get(target), second)
  t.equal(Attachment.get(other), undefined)
})

t.test('nobody sees it', async (t) => {
  const target = { own: 1 }
  const before = inspect(target, { showHidden: true })
  Attachment.set(target, { secret: true })
  t.equal(inspect(target, { showHidden: true }), before)
  t.strictSame(Reflect.ownKeys(target), ['own'])
  t.equal(Object.getPrototypeOf(target), Object.prototype)
  t.notOk(Object.hasOwn(structuredClone(target), 'secret'))
})

t.test('an object that nothing can be added to takes it as well', async (t) => {
  const target = Object.freeze({})
  Attachment.set(target, { here: true })
  t.strictSame(Attachment.get(target), { here: true })
})
