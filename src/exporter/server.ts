import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server hands out. */
export interface Scrape {
  readonly contentType: string
  scrape(): Promise<string>
}

export interface Listening {
  /** `http://127.0.0.1:9464`. */
  readonly origin: string
  close(): Promise<void>
}

/** Two scrapes at once are a few; more connections are somebody's mistake. */
const MAX_CONNECTIONS = 64
/** For whoever sends, or reads, slowly. */
const PATIENCE_MS = 10_000
/** Scrapes that come closer are answered with the same look. */
const SAME_LOOK_MS = 500

/** Listens. Rejects where it cannot. */
export function serve(scrape: Scrape, host: string, port: number): Promise<Listening> {
  const look = shared(() => scrape.scrape())
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]
    // Nobody has anything to send.
    request.resume()
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return answer(response, 405, 'Only GET and HEAD are taken here.\n')
    }
    if (path === '/healthz') return answer(response, 200, 'ok\n')
    if (path === '/') return answer(response, 200, 'The metrics are at /metrics.\n')
    if (path !== '/metrics') return answer(response, 404, 'There is nothing here.\n')
    look().then(
      (text) => answer(response, 200, text, scrape.contentType),
      (error: Error) => answer(response, 500, `${error.message}\n`),
    )
  })
  server.maxConnections = MAX_CONNECTIONS
  server.headersTimeout = PATIENCE_MS
  server.requestTimeout = PATIENCE_MS
  // Of no byte in either direction: a scraper that does not read is let go.
  server.setTimeout(PATIENCE_MS)
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    else socket.destroy()
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      // Such as too many open files: the next connection may be taken again.
      server.on('error', () => {})
      resolve({ origin: originOf(server), close: () => close(server) })
    })
  })
}

function answer(
  response: ServerResponse,
  status: number,
  text: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.on('error', () => {})
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
  })
  response.end(response.req.method === 'HEAD' ? undefined : text)
}

function shared(look: () => Promise<string>): () => Promise<string> {
  let last: { readonly at: number; readonly text: Promise<string> } | null = null
  return () => {
    const now = performance.now()
    if (last === null || now - last.at > SAME_LOOK_MS) last = { at: now, text: look() }
    return last.text
  }
}

function originOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

function close(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done())
    // Node 18.2.
    server.closeAllConnections?.()
  })
}
