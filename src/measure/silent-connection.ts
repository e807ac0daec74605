import { Socket } from 'node:net'
import { uptime } from 'node:os'
import { installed } from '../hook/installed'
import { errorCode } from './error-code'

/** How a connection ended by itself: a FIN of the peer, a reset, or the kernel's patience. */
export type End = 'closed' | 'reset' | 'timed-out'

/** What came first while a connection was left alone. */
export type Waited = 'aged' | 'ended' | 'stopped'

const CONNECT_TIMEOUT_MS = 10_000

/** A connection on which nothing is ever sent but a keepalive probe that is asked for. */
export class SilentConnection {
  readonly localPort: number
  /** How often the peer said something: each time the silence began anew. */
  spoken = 0
  /** How it ended, null while it is open. */
  end: End | null = null
  /** How long it had been silent then, in milliseconds. */
  endedAfterMs: number | null = null
  readonly #socket: Socket
  #silentSince = performance.now()
  readonly #wokenAtSince: number
  readonly #waiting = new Set<() => void>()

  constructor(socket: Socket) {
    this.#socket = socket
    this.localPort = socket.localPort as number
    this.#wokenAtSince = asleepMs()
    socket
      .on('data', () => {
        this.spoken++
        this.#silentSince = performance.now()
        this.#wake()
      })
      .on('end', () => this.#ended('closed'))
      .on('error', (error) => this.#ended(endOf(errorCode(error))))
      .on('close', () => this.#ended('closed'))
  }

  /** How long nothing has moved on it, in milliseconds. */
  get silentMs(): number {
    return performance.now() - this.#silentSince
  }

  /** Whether the machine slept since it was opened: then the silence was longer than it seems. */
  get sleptThrough(): boolean {
    return asleepMs() - this.#wokenAtSince > 1_000
  }

  /** Waits until nothing has moved for `ageMs`, or the connection ends, or it is to stop. */
  async silentFor(ageMs: number, stop: AbortSignal): Promise<Waited> {
    for (;;) {
      if (this.end !== null) return 'ended'
      if (stop.aborted) return 'stopped'
      const leftMs = ageMs - this.silentMs
      if (leftMs <= 0) return 'aged'
      await this.#changed(leftMs, stop)
    }
  }

  /** Waits for `ms`, or until something happens to it, or it is to stop. */
  #changed(ms: number, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        stop.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#waiting.add(done)
      stop.addEventListener('abort', done)
    })
  }

  /**
   * Makes the kernel send a keepalive probe now, and one again whenever the connection has been
   * silent for `everySeconds`. An idle time that has passed already when TCP_KEEPIDLE is set makes
   * the timer fire at once, tcp_sock_set_keepidle_locked() in the kernel's net/ipv4/tcp.c. A probe
   * carries no data: the peer's kernel answers, and its program hears nothing.
   */
  probe(everySeconds = 1): void {
    this.#socket.setKeepAlive(true, everySeconds * 1_000)
  }

  close(): void {
    this.#socket.destroy()
  }

  #ended(end: End): void {
    if (this.end !== null) return
    this.end = end
    this.endedAfterMs = this.silentMs
    this.#socket.destroy()
    this.#wake()
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done()
  }
}

/** How long the machine has slept since it was started, in milliseconds: the one clock goes on. */
function asleepMs(): number {
  return uptime() * 1_000 - performance.now()
}

function endOf(code: string): End {
  return code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : 'timed-out'
}

/** Opens one. Rejects with the error of the connect, or ETIMEDOUT after ten seconds. */
export function openSilent(
  { address, port }: { readonly address: string; readonly port: number },
  stop: AbortSignal,
): Promise<SilentConnection> {
  return new Promise((resolve, reject) => {
    const socket = new Socket()
    const fail = (error: Error): void => {
      clearTimeout(timer)
      stop.removeEventListener('abort', onStop)
      socket.destroy()
      reject(error)
    }
    const onStop = (): void => fail(new Error('It was stopped.'))
    const timer = setTimeout(
      () => fail(Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' })),
      CONNECT_TIMEOUT_MS,
    )
    // The hook of this package may be in NODE_OPTIONS, and would keep the path from forgetting.
    installed()?.hook()?.exempt(socket)
    stop.addEventListener('abort', onStop)
    socket.once('error', fail)
    socket.connect({ host: address, port, keepAlive: false }, () => {
      clearTimeout(timer)
      stop.removeEventListener('abort', onStop)
      socket.off('error', fail)
      resolve(new SilentConnection(socket))
    })
  })
}
