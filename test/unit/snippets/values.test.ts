import t from 'tap'
import { parseConfig } from '../../../src/settings/config'
import { hookFolder, valuesOf } from '../../../src/snippets/values'

const given = (env: Record<string, string>) => {
  const { config, given } = parseConfig(env)
  return valuesOf(config, given, '1.2.3')
}

t.test('times are in seconds, and the sysctls are the same', (t) => {
  const values = given({ NAT_KEEPALIVE_LIMIT: '2m', NAT_KEEPALIVE_PROBES: '3' })
  t.match(values, { version: '1.2.3', limitSeconds: 120, delaySeconds: 30, probes: 3 })
  t.strictSame(values.sysctls, [
    ['net.ipv4.tcp_keepalive_time', String(values.delaySeconds)],
    ['net.ipv4.tcp_keepalive_intvl', String(values.intervalSeconds)],
    ['net.ipv4.tcp_keepalive_probes', '3'],
  ])
  t.end()
})

t.test('the environment has the hook, and of the settings those that were given', (t) => {
  const hook = ['NODE_OPTIONS', `--require=${hookFolder}/register.js`]
  t.strictSame(given({}).environment, [hook])
  const env = { NAT_KEEPALIVE_LIMIT: '120s', NAT_KEEPALIVE_EXCLUDE: '10.0.0.0/8', OTHER: 'x' }
  const [first, ...others] = given(env).environment
  t.strictSame(first, hook)
  t.strictSame(Object.fromEntries(others), {
    NAT_KEEPALIVE_LIMIT: '2m',
    NAT_KEEPALIVE_EXCLUDE: '10.0.0.0/8',
  })
  t.end()
})
