import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import tls from 'node:tls'
import t from 'tap'
import { peerOf } from '../../../src/connections/peer'
import { closed, connected, listen, tlsFiles } from '../../loopback'

const handleOf = (socket: Socket) => (socket as unknown as { _handle: object | null })._handle

t.test('the other end of a connection, past the socket', async (t) => {
  const port = await listen(t)
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  t.match(peerOf(handleOf(socket)), { address: '127.0.0.1', port })
  t.notOk(
    (socket as unknown as { _peername?: unknown })._peername,
    'the socket keeps nothing of it',
  )
})

t.test('the same through TLS', async (t) => {
  const port = await listen(t, tls.createServer(tlsFiles))
  const socket = tls.connect({ port, host: '127.0.0.1', ca: tlsFiles.cert })
  t.match(peerOf(handleOf(await connected(t, socket))), { address: '127.0.0.1', port })
})

t.test('where nobody is, there is none', async (t) => {
  const port = await listen(t)
  t.equal(peerOf(null), undefined)
  t.equal(peerOf(undefined), undefined)
  t.equal(peerOf({}), undefined)
  const socket = net.connect(port, '127.0.0.1')
  const handle = handleOf(socket)
  t.ok(handle)
  t.equal(peerOf(handle), undefined, 'not connected yet')
  await once(socket, 'connect')
  t.ok(peerOf(handle))
  await closed(socket)
  t.equal(peerOf(handle), undefined, 'not any more')
})
