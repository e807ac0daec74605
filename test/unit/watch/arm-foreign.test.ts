import net, { type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { descriptorOf } from '../../../src/connections/descriptor-of'
import type { ForeignSocket } from '../../../src/judge/native-sockets'
import { loadNative } from '../../../src/kernel/native'
import { parseConfig } from '../../../src/settings/config'
import { armForeign } from '../../../src/watch/arm-foreign'
import { off } from '../../kernel-words'
import { connected, kernelHas, listen, sysctlTimes } from '../../loopback'

const configOf = (env: Record<string, string> = {}) =>
  parseConfig({ NAT_KEEPALIVE_FOREIGN: 'protect', ...env }).config
const config = configOf()

/** What a look finds of a socket, as if no JavaScript had opened it. */
function foreign(socket: Socket, changes: Partial<ForeignSocket> = {}): ForeignSocket {
  const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket
  return {
    inode: 1,
    fds: [descriptorOf(socket)],
    local: { address: localAddress, port: localPort },
    remote: { address: remoteAddress, port: remotePort },
    state: 'established',
    word: off,
    ...changes,
  }
}

async function open(t: Test) {
  return connected(t, net.connect(await listen(t), '127.0.0.1'))
}

t.test('a connection without keepalive gets the whole schedule', async (t) => {
  const native = loadNative()
  if (!native.known) return t.fail(native.why)
  const socket = await open(t)
  t.equal(armForeign(foreign(socket), config), null)
  t.equal(kernelHas(socket), `45/${config.intervalMs / 1_000}/${config.probes}`)
})

t.test('a first probe before the limit stays, and one after it does not', async (t) => {
  const socket = await open(t)
  socket.setKeepAlive(true, 100_000)
  const [, , probes] = kernelHas(socket).split('/')
  t.equal(armForeign(foreign(socket), config), null)
  t.match(kernelHas(socket), new RegExp(`^100/\\d+/${probes}$`))
  socket.setKeepAlive(true, 9_000_000)
  t.equal(armForeign(foreign(socket), config), null)
  t.match(kernelHas(socket), /^45\//)
})

t.test('in kernel mode keepalive is switched on, with the times of the sysctls', async (t) => {
  const socket = await open(t)
  t.equal(armForeign(foreign(socket), configOf({ NAT_KEEPALIVE_MODE: 'kernel' })), null)
  t.equal(kernelHas(socket), sysctlTimes())
})

t.test('a descriptor that has another connection by now is left alone', async (t) => {
  const socket = await open(t)
  const { remote } = foreign(socket)
  for (const changes of [
    { remote: { ...remote, port: remote.port + 1 } },
    { remote: { ...remote, address: '127.0.0.9' } },
    { local: { address: '127.0.0.1', port: 1 } },
    { fds: [] },
    { fds: [1_000_000] },
  ]) {
    t.equal(armForeign(foreign(socket, changes), config), 'its descriptor is gone')
  }
  t.equal(kernelHas(socket), 'off')
})

t.test('without the setting or the native part nothing is done, and it is said why', async (t) => {
  const socket = await open(t)
  const { config: warns } = parseConfig({ NAT_KEEPALIVE_FOREIGN: 'watch' })
  t.equal(armForeign(foreign(socket), warns), 'NAT_KEEPALIVE_FOREIGN is watch')
  const without = configOf({ NAT_KEEPALIVE_NATIVE: 'off' })
  t.equal(armForeign(foreign(socket), without), 'NAT_KEEPALIVE_NATIVE is off')
  t.equal(kernelHas(socket), 'off')
})
