import { get } from 'node:https'
import type { Socket } from 'node:net'
import { preShared } from './pre-shared'
import { endWithDemo, type Outcome, say } from './said'

// An ordinary program that makes one https request, and knows nothing of keepalive.
const { DEMO_URL = '', DEMO_SECRET = '', DEMO_GIVE_UP_MS = '' } = process.env

endWithDemo()
const options = { ...preShared(DEMO_SECRET).client, agent: false }
const startedAt = performance.now()
const request = get(DEMO_URL, options, (response) => {
  response.on('error', fail)
  response.resume().on('end', () => finish('answered'))
})
request.on('error', fail)
request.on('socket', (socket: Socket) => {
  socket.once('secureConnect', () => say({ said: 'asked', localPort: socket.localPort ?? 0 }))
})
setTimeout(() => finish('waiting'), Number(DEMO_GIVE_UP_MS))

function fail(error: NodeJS.ErrnoException): void {
  finish('error', error.code ?? error.message)
}

function finish(outcome: Outcome['outcome'], code: string | null = null): void {
  say({ said: 'outcome', outcome, ms: Math.round(performance.now() - startedAt), code })
  process.exit(0)
}
