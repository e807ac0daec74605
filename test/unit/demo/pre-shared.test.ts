import { once } from 'node:events'
import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { preShared } from '../../../src/demo/pre-shared'

t.test('who has the key is served, whoever has another is not', async (t) => {
  const key = 'ab'.repeat(32)
  const server = createServer(preShared(key).server, (_, response) => response.end('answer'))
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const ask = (secret: string) =>
    new Promise((resolve) => {
      const options = { ...preShared(secret).client, port, host: '127.0.0.1', agent: false }
      get(options, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    })
  t.equal(await ask(key), 200)
  t.match(await ask('cd'.repeat(32)), /^ERR_SSL_|^EPROTO$|^ECONNRESET$/)
})
