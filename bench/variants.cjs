'use strict'
const { PROPOSED } = require('./kernel-times.cjs')

const THREE_SETTINGS = {
  NAT_KEEPALIVE_DELAY: '30s',
  NAT_KEEPALIVE_LIMIT: '340s',
  NAT_KEEPALIVE_EXCLUDE: '10.0.0.0/8,*.internal',
}

/**
 * Ours as it starts where something is set: each is to be as cheap as the defaults. `told` and
 * `settings` are those with an aim, `suited` needs other sysctls.
 */
function startsOf(ours) {
  const having = (name, env) => ({ ...ours, name, env: { ...ours.env, ...env } })
  const checked = { NAT_KEEPALIVE_SYSCTL: 'warn' }
  return {
    told: having('ours, NAT_KEEPALIVE_SYSCTL=warn', checked),
    suited: { ...having('ours, the same with tcp_keepalive_time=45', checked), kernel: PROPOSED },
    settings: having('ours, three settings', THREE_SETTINGS),
  }
}

module.exports = { startsOf, THREE_SETTINGS }
