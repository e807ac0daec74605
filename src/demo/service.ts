import { randomBytes } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { preShared } from './pre-shared'
import { endWithDemo, say } from './said'

// A service that takes its time: node service.js ADDRESS MILLISECONDS
const [address = '127.0.0.1', delayMs = '0'] = process.argv.slice(2)

endWithDemo()
const secret = randomBytes(32).toString('hex')
const server = createServer(preShared(secret).server, (request, response) => {
  const startedAt = performance.now()
  const path = request.url ?? ''
  setTimeout(() => {
    response.end('Here is the answer.\n', () => {
      say({ said: 'answered', path, ms: Math.round(performance.now() - startedAt) })
    })
  }, Number(delayMs))
})
server.listen(0, address, () => {
  const { port } = server.address() as AddressInfo
  say({ said: 'listening', port, secret })
})
