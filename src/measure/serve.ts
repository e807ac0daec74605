import { createServer, type Server } from 'node:net'
import { destinationOf } from '../connections/endpoint'
import { errorCode } from './error-code'

/** Connections at the same time: two measurements, and no more for whoever finds the port. */
const MOST_AT_ONCE = 64

/**
 * A server that accepts, waits, and never speaks or closes: the far end of a measurement that is not
 * to be limited by a server. Rejects where it cannot listen.
 */
export function serve(port: number, say: (text: string) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ keepAlive: false }, (socket) => {
      const { remoteAddress = '', remotePort = 0 } = socket
      const who = destinationOf({ host: remoteAddress, port: remotePort })
      const since = performance.now()
      let how = 'closed by it'
      say(`${who} connected.`)
      socket
        .on('error', (error) => {
          how = `ended by ${errorCode(error)}`
        })
        .on('close', () => {
          say(`${who} was ${how} after ${Math.round((performance.now() - since) / 1_000)} s.`)
        })
        .resume()
    })
    server.maxConnections = MOST_AT_ONCE
    server.once('error', reject).listen(port, () => resolve(server))
  })
}
