import t from 'tap'
import * as connections from '../../../../src/doctor/checks/connections'
import * as native from '../../../../src/doctor/checks/native'
import { loadNative } from '../../../../src/kernel/native'
import { machineWith } from './machine'

t.test('whether the native part loads', async (t) => {
  const loaded = await native.run(machineWith(t, {}, { native: loadNative() }))
  t.match(loaded, loadNative().known ? { verdict: 'ok' } : { verdict: 'advice' })
  const why = 'Node was started with --no-addons'
  const refused = await native.run(machineWith(t, {}, { native: { known: false, why } }))
  t.match(refused, { verdict: 'advice', seen: /--no-addons/, data: { loaded: false, why } })
  t.match(await native.run(machineWith(t, {}, { platform: 'win32' })), { verdict: 'ok' })
})

const table =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const line =
  '   0: 0100007F:9C40 0200000A:1538 01 00000000:00000000 00:00000000 00000000     0        0 7 2 0 20 4 30 10 -1'

t.test('the audit of this machine in one line', async (t) => {
  t.match(await connections.run(machineWith(t, { 'proc/uptime': '' })), {
    verdict: 'ok',
    seen: 'No outbound connections.',
  })
  t.match(await connections.run(machineWith(t, {})), { verdict: 'unknown' })
  const folder = t.testdir({
    12: {
      fd: { 3: t.fixture('symlink', 'socket:[7]') },
      net: { tcp: `${table}\n${line}\n`, tcp6: `${table}\n` },
    },
  })
  const { createProcFs } = require('../../../../src/kernel/proc-fs')
  const proc = createProcFs(folder, 'linux')
  const seen = /^1 outbound: 0 dying, 1 at risk/
  t.match(await connections.run(machineWith(t, {}, { proc })), { verdict: 'advice', seen })
  const strict = machineWith(t, {}, { proc, strict: true })
  t.match(await connections.run(strict), { verdict: 'finding', action: /rescue PID/ })
})
