import type { Socket } from 'node:net'
import { destinationOf } from '../connections/endpoint'
import type { Entry, Registry } from '../connections/registry'
import { channels } from '../findings/channels'
import { dyingFinding } from '../findings/dying-finding'
import { emit } from '../findings/emit'
import { type DyingMessage, messageOf } from '../findings/messages'
import { publish } from '../findings/publish'
import {
  auditDying,
  type DyingGroup,
  type DyingSocket,
  silenceOf,
  type Witness,
} from '../judge/dying'
import { scheduleNow, surroundings } from '../judge/judge-entry'
import type { Words } from '../kernel/ask-kernel'
import type { ProcFs } from '../kernel/proc-fs'
import { clock } from '../process/clock'
import { createDebug } from '../process/debug'
import { Slices } from '../process/slices'
import type { Config } from '../settings/config'
import type { Asker } from './asker'

/** A connection on which nothing has moved for a while. */
export interface QuietSocket {
  readonly entry: Entry
  readonly socket: Socket
  readonly idleMs: number
}

interface Dying extends DyingSocket {
  readonly entry: Entry
}

/** Tells of connections on which nobody answers any more, while they still are. */
export class VitalSigns {
  readonly #registry: Registry
  readonly #config: Config
  readonly #proc: ProcFs
  readonly #asker: Asker
  readonly #debug = createDebug('dying')
  #told: ReadonlySet<string> = new Set()
  #looking = false
  /** How many findings were told. */
  count = 0

  constructor(registry: Registry, config: Config, proc: ProcFs, asker: Asker) {
    this.#registry = registry
    this.#config = config
    this.#proc = proc
    this.#asker = asker
  }

  /** Whether some connections were dying at the last look. */
  get alarmed(): boolean {
    return this.#told.size > 0
  }

  /** Looks at connections that have been quiet. In slices; does not reject. */
  async look(quiet: readonly QuietSocket[]): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const words = quiet.length > 0 ? await this.#ask(quiet) : undefined
      const dying = words === undefined ? [] : await this.#dying(quiet, words)
      const { tell, told } = auditDying(dying, this.#told)
      this.#told = told
      for (const group of tell) this.#tell(group, this.#witness(group, quiet, words))
    } catch (error) {
      this.#debug('a look failed: %O', error)
    } finally {
      this.#looking = false
    }
  }

  #ask(quiet: readonly QuietSocket[]): Promise<Words> {
    return this.#asker.ask(quiet.map(({ socket }) => socket))
  }

  async #dying(quiet: readonly QuietSocket[], words: Words): Promise<Dying[]> {
    const around = surroundings(this.#proc, this.#config)
    const slices = new Slices(this.#asker.pause)
    const dying: Dying[] = []
    for (const { entry, socket, idleMs } of quiet) {
      if (slices.over) await slices.next()
      const schedule = scheduleNow(entry, around.sysctls)
      const silence = silenceOf({ word: words.of(socket), schedule, idleMs })
      if (silence === null || socket.destroyed) continue
      const destination = destinationOf(entry.endpoint)
      dying.push({ destination, opener: entry.opener, silence, entry })
    }
    return dying
  }

  /** What other connections to the same destination got since the silence began. */
  #witness(
    { destination, sockets }: DyingGroup<Dying>,
    quiet: readonly QuietSocket[],
    words: Words | undefined,
  ): Witness {
    const sinceMs = Math.max(...sockets.map(({ silence }) => silence.sinceMs))
    const dead = new Set(sockets.map(({ entry }) => entry))
    const others = (entry: Entry) =>
      !dead.has(entry) && destinationOf(entry.endpoint) === destination
    for (const { entry, socket, idleMs } of quiet) {
      const answeredMs = words?.of(socket).lastAnswerMs ?? null
      // An answer without data is one to a probe.
      if (others(entry) && answeredMs !== null && answeredMs < Math.min(sinceMs, idleMs - 1_000)) {
        return 'probes-answered'
      }
    }
    const now = clock()
    const answered = this.#registry
      .listed()
      .some((entry) => others(entry) && entry.gap === null && now - entry.activeAt < sinceMs)
    return answered ? 'data-answered' : 'none'
  }

  #tell(group: DyingGroup, witness: Witness): void {
    const finding = dyingFinding(group, witness, this.#config)
    this.#debug('%s', finding.text)
    publish(channels.dying, () => messageOf(finding) as DyingMessage)
    this.count++
    emit(finding, this.#config.format)
  }
}
