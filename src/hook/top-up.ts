import { descriptorOf } from '../connections/descriptor-of'
import type { Policy } from '../connections/policy'
import type { Entry, Registry } from '../connections/registry'
import { errorName, LEAVE, loadNative, type NativePart } from '../kernel/native'
import { SocketFacts } from '../kernel/socket-facts'
import { createDebug } from '../process/debug'
import type { Pause } from '../process/slices'
import { inSlices, type Steps } from '../process/steps'
import type { Config } from '../settings/config'

/**
 * Puts on connections what JavaScript cannot: the interval and the number of probes on a Node that
 * takes only a delay, and TCP_USER_TIMEOUT. Done some seconds after they were opened, or after a call
 * that let Node reset it, so that those which close before cost no system call.
 */
export class TopUp {
  readonly #registry: Registry
  readonly #config: Config
  readonly #policy: Policy
  readonly #pause: Pause
  readonly #facts = new SocketFacts()
  readonly #debug = createDebug('top-up')
  /** Whether some entry may be due. */
  #due = false
  #busy = false
  #refused = false

  constructor(registry: Registry, config: Config, policy: Policy, pause: Pause) {
    this.#registry = registry
    this.#config = config
    this.#policy = policy
    this.#pause = pause
  }

  /** What Node puts on a connection has just been decided. */
  note(entry: Entry): void {
    entry.due = this.#isDue(entry)
    if (entry.due) this.#due = true
  }

  /** Tops up what is due, in slices. Where the native part is refused, everything stays as Node has it. */
  async run(): Promise<void> {
    if (!this.#due || this.#busy || this.#refused) return
    const native = loadNative(this.#config.native)
    if (!native.known) {
      this.#refused = true
      this.#debug('not possible: %s', native.why)
      return
    }
    this.#busy = true
    this.#due = false
    try {
      await inSlices(this.#steps(native.value), this.#pause)
    } finally {
      this.#busy = false
    }
  }

  #isDue({ decision }: Entry): boolean {
    if (decision.action === 'leave') return false
    return this.#config.userTimeoutMs !== null || this.#policy.lacksProbes(decision)
  }

  *#steps(part: NativePart): Steps<void> {
    for (const entry of this.#registry.listed()) {
      if (!entry.due) continue
      const socket = entry.socket.deref()
      // One that connects for so long is due again the next time.
      if (socket?.connecting) this.#due = true
      else if (socket !== undefined) this.#topUp(part, entry, descriptorOf(socket))
      yield
    }
  }

  #topUp(part: NativePart, entry: Entry, fd: number): void {
    entry.due = false
    const { decision } = entry
    if (fd < 0 || decision.action === 'leave') return
    const wanted = this.#policy.withProbes(decision)
    const result = part.setKeepalive(
      fd,
      1,
      wholeSeconds(wanted.delayMs),
      wholeSeconds(wanted.intervalMs),
      wanted.delayMs === null ? LEAVE : (wanted.probes ?? LEAVE),
      this.#userTimeout(part, fd),
    )
    if (result < 0) this.#debug('#%d refused: %s', entry.id, errorName(result))
    else entry.decision = wanted
  }

  /** A program that set one of its own keeps it. */
  #userTimeout(part: NativePart, fd: number): number {
    const { userTimeoutMs } = this.#config
    if (userTimeoutMs === null) return LEAVE
    return this.#facts.read(part, fd) === 0 && this.#facts.userTimeoutMs === 0
      ? userTimeoutMs
      : LEAVE
  }
}

/** Null, which leaves it to the sysctls, leaves it as it is. */
function wholeSeconds(ms: number | null): number {
  return ms === null ? LEAVE : ms / 1_000
}
