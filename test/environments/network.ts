import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import type { Server, Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { optionsOfProcess } from '../oracle/options-of-process'
import { root, withEnv } from '../run-node'

/** What the kernel had on the client's end of a connection when a request came over it. */
export interface Look {
  readonly path: string
  /** Asked of this server as of a proxy. */
  readonly proxied: boolean
  readonly pid: number
  readonly options: { on: boolean; idle: number; interval: number; count: number }
}

/** A server that answers http and https on one port, and is a proxy for both. */
export interface Observer {
  readonly port: number
  readonly looks: Look[]
  close(): void
}

/** A network with a loopback interface and nothing else: what runs in it cannot reach anybody. */
export interface Network {
  /** The command line that runs `argv` in it. */
  inside(argv: readonly string[]): string[]
  observe(): Promise<Observer>
}

/** Less than the limit, so that nothing warns of it, and unlike every delay of the hook or of Node. */
const KEEPALIVE_TIME = 200

/**
 * Makes a network that is gone after the test. Where there are none for this user the whole file is
 * skipped aloud, or fails in CI.
 */
export async function createNetwork(t: Test): Promise<Network> {
  const probe = ['-rn', 'ip', 'link', 'set', 'lo', 'up']
  const { status, stderr } = spawnSync('unshare', probe, { encoding: 'utf8' })
  if (status !== 0) {
    const missing = `There are no network namespaces for this user (${stderr?.trim() ?? 'no unshare'}).`
    if (process.env.REQUIRE_EVERYTHING === '1') throw new Error(missing)
    t.pass(missing, { skip: true })
    t.end()
    process.exit()
  }
  const script = `ip link set lo up; echo ${KEEPALIVE_TIME} > /proc/sys/net/ipv4/tcp_keepalive_time; exec "$@"`
  const argv = ['sh', '-ec', script, 'sh', process.execPath, join(__dirname, 'holder.cjs')]
  const variables = { NODE_CHANNEL_FD: '3' }
  const [command = '', ...rest] = withEnv(variables, ['unshare', '-rn', ...argv])
  const holder = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  t.teardown(() => holder.disconnect())
  const early = once(holder, 'exit').then(() => {
    throw new Error('There are no network namespaces for this user.')
  })
  early.catch(() => {})
  await Promise.race([once(holder, 'message'), early])
  const pid = holder.pid as number
  const entering = [`--user=/proc/${pid}/ns/user`, `--net=/proc/${pid}/ns/net`]
  let last: Promise<unknown> = Promise.resolve()
  return {
    inside: (argv) => ['nsenter', ...entering, '--preserve-credentials', '--', ...argv],
    observe() {
      // One after the other, because the answers of the holder have no names.
      const observer = last.then(() => observe(holder))
      last = observer.catch(() => {})
      return observer
    },
  }
}

const key = readFileSync(join(root, 'test/fixtures/tls.key'))
const cert = readFileSync(join(root, 'test/fixtures/tls.crt'))

async function observe(holder: ChildProcess): Promise<Observer> {
  holder.send('listen')
  const [{ port }, server] = (await once(holder, 'message')) as [{ port: number }, Server]
  const namespace = readlinkSync(`/proc/${holder.pid}/ns/net`)
  const looks: Look[] = []
  const open = new Set<Socket>()
  const look = ({ url = '', socket }: IncomingMessage) => {
    const proxied = !url.startsWith('/')
    const path = proxied ? new URL(url).pathname : url
    looks.push({ path, proxied, ...clientOf(socket, port, namespace) })
  }

  const http = createHttpServer((request, response) => {
    request.resume()
    try {
      look(request)
      response.end('answer')
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  http.on('upgrade', (request, socket) => {
    look(request)
    const { 'sec-websocket-key': asked = '' } = request.headers
    const accept = createHash('sha1')
      .update(`${asked}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'
    socket.write(`${switching}Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    // A text frame, and a closing one.
    socket.end(Buffer.from([0x81, 6, ...Buffer.from('answer'), 0x88, 2, 0x03, 0xe8]))
  })
  http.on('connect', (_request, socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    accept(socket)
  })
  const tls = createTlsServer({ key, cert }, (socket) => http.emit('connection', socket))
  tls.on('tlsClientError', () => {})
  const accept = (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    socket.once('readable', () => {
      const start: Buffer | null = socket.read()
      if (start === null) return
      socket.unshift(start)
      const handshake = start[0] === 22
      ;(handshake ? tls : http).emit('connection', socket)
    })
  }
  server.on('connection', accept)
  return {
    port,
    looks,
    close() {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}

/** The process at the other end of an accepted socket, and what the kernel has there. */
function clientOf(
  socket: Socket | TLSSocket,
  port: number,
  namespace: string,
): Pick<Look, 'pid' | 'options'> {
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!pid) continue
    try {
      if (readlinkSync(`/proc/${pid}/ns/net`) !== namespace) continue
      for (const { local, on, idle, interval, count } of optionsOfProcess(pid, {
        remotePort: port,
      })) {
        if (local.port === socket.remotePort) return { pid, options: { on, idle, interval, count } }
      }
    } catch {
      // It has ended.
    }
  }
  throw new Error(`Nobody has the other end of port ${socket.remotePort}.`)
}
