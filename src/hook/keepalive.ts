import type { Socket } from 'node:net'
import type { Asked, Protection } from '../connections/policy'
import { KERNEL_MAXIMA } from '../settings/kernel-maxima'
import type { SetKeepAlive } from './patch'

interface WithHandle {
  _handle?: object | null
}

type Symbols = Record<symbol, unknown>

/** Milliseconds as Node hands them to the kernel: whole seconds; null where no option would be set. */
function wholeSecondsMs(value: unknown): number | null {
  const seconds = ~~((value as number) / 1000)
  return seconds >= 1 && seconds <= KERNEL_MAXIMA.seconds ? seconds * 1000 : null
}

function probesOf(value: unknown): number | null {
  return Number.isInteger(value) &&
    (value as number) >= 1 &&
    (value as number) <= KERNEL_MAXIMA.probes
    ? (value as number)
    : null
}

/**
 * Whether this setKeepAlive takes interval and count (Node 24.19+, 26.4+, nodejs/node#63825).
 * Its length tells; where somebody's wrapper hides that, the version does.
 */
function takesInterval(original: SetKeepAlive, nodeVersion: string): boolean {
  if (original.length === 4) return true
  if (original.length === 2) return false
  return versionTakesInterval(nodeVersion)
}

/** Whether setKeepAlive of this version of Node, without a v, takes interval and count. */
export function versionTakesInterval(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  return major > 26 || (major === 26 && minor >= 4) || (major === 24 && minor >= 19)
}

/** Reads and sets keepalive on sockets. The only caller of Node's own setKeepAlive. */
export class Keepalive {
  readonly takesInterval: boolean
  readonly #original: SetKeepAlive
  readonly #enable: symbol | undefined
  readonly #delay: symbol | undefined
  readonly #interval: symbol | undefined
  readonly #probes: symbol | undefined

  /** `original` is the unwrapped method; `nodeVersion` is `process.versions.node`. */
  constructor(original: SetKeepAlive, nodeVersion: string) {
    this.#original = original
    this.takesInterval = takesInterval(original, nodeVersion)
    // Without a handle Node keeps the values under symbols of its own on the socket, which is also
    // where constructor options arrive. They are found by their values: the names are not public.
    const probe = {} as Symbols
    try {
      original.call(probe as unknown as Socket, true, 3_000, 5_000, 7)
    } catch {}
    for (const symbol of Object.getOwnPropertySymbols(probe)) {
      if (probe[symbol] === true) this.#enable = symbol
      else if (probe[symbol] === 3) this.#delay = symbol
      else if (probe[symbol] === 5) this.#interval = symbol
      else if (probe[symbol] === 7) this.#probes = symbol
    }
  }

  /** What a constructor option or an earlier call left on the socket; null where that is nothing. */
  stored(socket: Socket): Asked | null {
    const values = socket as unknown as Symbols
    const read = (symbol: symbol | undefined) => (symbol === undefined ? undefined : values[symbol])
    if (read(this.#enable) !== true) return null
    return {
      enable: true,
      delayMs: wholeSecondsMs((read(this.#delay) as number) * 1000),
      intervalMs: wholeSecondsMs((read(this.#interval) as number) * 1000),
      probes: probesOf(read(this.#probes)),
    }
  }

  /** What the arguments of a setKeepAlive call ask for. Throws what reading them throws. */
  parse(args: unknown[]): Asked {
    const first = args[0]
    if (this.takesInterval && typeof first === 'object' && first !== null) {
      const { enable, initialDelay, interval, count } = first as Record<string, unknown>
      return this.parse([enable, initialDelay, interval, count])
    }
    return {
      enable: Boolean(first),
      delayMs: wholeSecondsMs(args[1]),
      intervalMs: this.takesInterval ? wholeSecondsMs(args[2]) : null,
      probes: this.takesInterval ? probesOf(args[3]) : null,
    }
  }

  /** The arguments that make Node set `protection`. */
  argumentsFor(protection: Protection): unknown[] {
    // Delay 0 switches keepalive on and leaves all three times as they are.
    if (protection.delayMs === null) return [true, 0]
    return this.takesInterval && protection.intervalMs !== null && protection.probes !== null
      ? [true, protection.delayMs, protection.intervalMs, protection.probes]
      : [true, protection.delayMs]
  }

  /** For a socket that is not connected yet: Node sets the schedule when it is. */
  preset(socket: Socket, protection: Protection): void {
    this.remember(socket, this.argumentsFor(protection))
  }

  /**
   * A call for a socket that is not connected yet: Node applies the values itself when it is, to the
   * handle that won, whether plain, TLS or happy eyeballs. The handle is hidden from the call, because
   * libuv answers a call before the descriptor exists with a schedule of its own (60 s, 1 s, 10) at
   * open, which a delay of 0 then leaves in place.
   */
  remember(socket: Socket, args: unknown[]): void {
    const holder = socket as WithHandle
    const handle = holder._handle
    if (handle) holder._handle = null
    try {
      this.#original.apply(socket, args)
    } finally {
      if (handle) holder._handle = handle
    }
  }

  /** For a connected socket, past Node's memory of the last call, which can differ from the kernel. */
  apply(socket: Socket, protection: Protection): void {
    this.#original.call(socket, false)
    this.#original.apply(socket, this.argumentsFor(protection))
  }

  /**
   * For a socket that is not connected yet, or no longer: puts back what the program had asked for,
   * so that Node sets that; null means that it asked for nothing.
   */
  restore(socket: Socket, asked: Asked | null): void {
    if (!asked?.enable) {
      this.remember(socket, [false])
      return
    }
    const { delayMs, intervalMs, probes } = asked
    const times = this.takesInterval ? [intervalMs ?? undefined, probes ?? undefined] : []
    this.remember(socket, [true, delayMs ?? 0, ...times])
  }
}
