import { Socket } from 'node:net'
import t from 'tap'
import { announce, type Installation, installed } from '../../../src/hook/installed'

const one: Installation = { version: '1', hook: () => null, acquire: () => () => {} }
const other: Installation = { ...one, version: '2' }

t.test('one that is announced is found, also from another realm, until it is withdrawn', (t) => {
  t.equal(installed(), undefined)
  const withdraw = announce(one)
  t.equal(installed(), one)
  const key = Symbol.for('nat-keepalive.1')
  t.equal((Socket.prototype as never)[key], one)
  t.equal((globalThis as never)[key], one)
  withdraw()
  t.equal(installed(), undefined)
  t.end()
})

t.test('who has been replaced takes nothing away from the next', (t) => {
  const withdraw = announce(one)
  const last = announce(other)
  withdraw()
  t.equal(installed(), other)
  last()
  t.equal(installed(), undefined)
  t.end()
})
