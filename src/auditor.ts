import { auditIdle, type Episodes, type IdleSocket } from './audit'
import type { Later } from './beat'
import { channels } from './channels'
import type { Config } from './config'
import { idleFinding } from './findings'
import { createDebug, emit } from './log'
import { type Entry, openerOfEntry, type Registry } from './registry'

/** Sockets whose opening place is formatted in one look, so that a burst of connects holds nothing up. */
const TRACES_PER_LOOK = 200

/** Looks at the registry on a beat that does not keep the process alive, and warns about idle sockets. */
export class Auditor {
  readonly #registry: Registry
  readonly #config: Config
  readonly #later: Later
  readonly #debug = createDebug('audit')
  #cancel: (() => void) | undefined
  #episodes: Episodes = new Map()

  constructor(registry: Registry, config: Config, later: Later) {
    this.#registry = registry
    this.#config = config
    this.#later = later
  }

  /** Starts the beat, if it is wanted and not running. */
  start(): void {
    const { auditMs } = this.#config
    if (auditMs !== null && this.#cancel === undefined) this.#schedule(auditMs)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** One look. Returns the time until the next socket could pass the threshold, in milliseconds. */
  look(): number {
    const { idleWarnMs, idleLoopback, auditMs } = this.#config
    const threshold = idleWarnMs ?? Number.POSITIVE_INFINITY
    // What passes the threshold before the next look goes into the same warning.
    const about = Math.max(threshold / 2, threshold - (auditMs ?? 0))
    const idle: IdleSocket[] = []
    let longest = 0
    let traces = TRACES_PER_LOOK
    this.#registry.observe((entry, socket, idleMs) => {
      if (traces > 0 && entry.opener !== null && !('package' in entry.opener)) {
        openerOfEntry(entry)
        traces--
      }
      if (idleMs < threshold && idleMs > longest) longest = idleMs
      if (idleMs >= about && (idleLoopback || !isLoopback(socket.remoteAddress))) {
        idle.push(describe(entry, idleMs))
      }
    })
    const { warn, episodes } = auditIdle(idle, threshold, this.#episodes)
    this.#episodes = episodes
    for (const group of warn) {
      const finding = idleFinding(group, this.#config)
      channels.idle.publish(finding)
      emit(finding, this.#config.format)
    }
    return threshold - longest
  }

  #schedule(delayMs: number): void {
    this.#cancel = this.#later(() => this.#beat(), delayMs)
  }

  #beat(): void {
    const { auditMs } = this.#config
    if (auditMs === null) return
    let nextMs = auditMs
    try {
      // Regular beats alone would tell of some sockets a whole beat late, possibly past the limit.
      nextMs = Math.min(auditMs, Math.max(this.look(), auditMs / 10))
    } catch (error) {
      this.#debug('a look failed: %O', error)
    }
    this.#schedule(nextMs)
  }
}

function describe(entry: Entry, idleMs: number): IdleSocket {
  const { host, port } = entry.endpoint
  const { decision } = entry
  return {
    destination: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    idleMs,
    opener: openerOfEntry(entry),
    protection: decision.action === 'protect' ? decision : null,
    leave: decision.action === 'leave' ? decision : null,
  }
}

/** RFC 1122 127/8, RFC 4291 ::1, and 127/8 mapped into IPv6. */
function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address)
}
