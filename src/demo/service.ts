import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { endWithDemo, say } from './said'
import { createSelfSigned } from './self-signed'

// A service that takes its time: node service.js ADDRESS MILLISECONDS
const [address = '127.0.0.1', delayMs = '0'] = process.argv.slice(2)

endWithDemo()
const identity = createSelfSigned(address)
const server = createServer(identity, (request, response) => {
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
  say({ said: 'listening', port, certificate: identity.cert })
})
