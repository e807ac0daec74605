import { once } from 'node:events'
import net from 'node:net'
import t from 'tap'
import { Cookies } from '../../../src/kernel/cookies'
import { loadNative } from '../../../src/kernel/native'
import { SocketFacts } from '../../../src/kernel/socket-facts'
import { closed, connected, listen } from '../../loopback'

const native = loadNative()
if (!native.known) throw new Error(native.why)
const part = native.value

t.test('the cookie of a connection is that of the kernel, and asked for once', async (t) => {
  const port = await listen(t)
  const [socket, other] = [
    await connected(t, net.connect(port, '127.0.0.1')),
    await connected(t, net.connect(port, '127.0.0.1')),
  ]
  let asked = 0
  const counting = {
    ...part,
    readSocket(fd: number, words: Uint32Array) {
      asked++
      return part.readSocket(fd, words)
    },
  }
  const cookies = new Cookies()
  const facts = new SocketFacts()
  facts.read(part, (socket as unknown as { _handle: { fd: number } })._handle.fd)
  t.equal(cookies.of(counting, socket), facts.cookie)
  t.equal(cookies.of(counting, socket), facts.cookie)
  t.equal(asked, 1)
  t.not(cookies.of(counting, other), facts.cookie)
})

t.test('another connection of the same socket has another, a closed one none', async (t) => {
  const port = await listen(t)
  const cookies = new Cookies()
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const first = cookies.of(part, socket)
  t.type(first, 'number')
  await closed(socket)
  t.equal(cookies.of(part, socket), undefined)
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.type(cookies.of(part, socket), 'number')
  t.not(cookies.of(part, socket), first)
  t.equal(cookies.of(part, new net.Socket()), undefined)
})
