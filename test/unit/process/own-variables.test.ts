import t from 'tap'
import { isOurs, ownVariables } from '../../../src/process/own-variables'

t.test('the variables of this package, and those that are meant to be', (t) => {
  for (const name of [
    'NAT_KEEPALIVE',
    'NAT_KEEPALIVE_DELAY',
    'nat_keepalive_limit',
    'NAT_KEEPALIVE_TYPO',
  ]) {
    t.ok(isOurs(name), name)
  }
  for (const name of ['NAT_KEEPALIVES', 'NAT', '', 'MY_NAT_KEEPALIVE', 'PATH'])
    t.notOk(isOurs(name), name)
  t.end()
})

t.test('they are those of the moment', (t) => {
  process.env.NAT_KEEPALIVE_TEST = 'now'
  t.teardown(() => delete process.env.NAT_KEEPALIVE_TEST)
  const seen = ownVariables()
  process.env.NAT_KEEPALIVE_TEST = 'later'
  t.strictSame(seen, { NAT_KEEPALIVE_TEST: 'now' })
  t.end()
})

t.test('an environment that throws when it is read has none', (t) => {
  const { env } = process
  t.teardown(() => {
    process.env = env
  })
  process.env = new Proxy(
    {},
    {
      get() {
        throw new Error('hostile')
      },
      ownKeys() {
        throw new Error('hostile')
      },
    },
  )
  t.strictSame(ownVariables(), { NAT_KEEPALIVE: undefined })
  t.end()
})
