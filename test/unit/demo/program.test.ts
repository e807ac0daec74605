import t from 'tap'
import { cleanEnv } from '../../../src/demo/program'

t.test('the programs get nothing that changes how Node or the hook behaves', async (t) => {
  const given = {
    PATH: '/bin',
    NODE_OPTIONS: '-r x',
    NODE_EXTRA_CA_CERTS: 'y',
    NAT_KEEPALIVE: 'off',
    NAT_KEEPALIVE_LIMIT: '9s',
    DEBUG: '*',
  }
  t.strictSame(cleanEnv(given), { PATH: '/bin' })
})
