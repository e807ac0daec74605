import type { Ended } from '../connections/ended'
import { destinationOf } from '../connections/endpoint'
import type { PeerClose } from '../connections/peer-close'
import { channels } from '../findings/channels'
import { closedFinding } from '../findings/closed-finding'
import { deathFinding } from '../findings/death-finding'
import { emit } from '../findings/emit'
import { givenUpFinding } from '../findings/given-up-finding'
import { learnedFinding } from '../findings/learned-finding'
import { endText } from '../findings/lost'
import { publish } from '../findings/publish'
import { type Death, explain, groupDeaths, isOfStandstill } from '../judge/deaths'
import { IdleAges, type Learned, type Recurrence } from '../judge/idle-ages'
import { surroundings } from '../judge/judge-entry'
import { type Standstill, stillMsOf, withStandstill } from '../judge/standstill'
import type { ProcFs } from '../kernel/proc-fs'
import { createDebug } from '../process/debug'
import type { Config } from '../settings/config'

/** What tells of a lost connection, by its cause. */
const FINDINGS = { NKA301: deathFinding, NKA302: givenUpFinding, NKA303: closedFinding }

/** So many destinations are told to have a shorter limit. */
const MOST_LEARNED = 100

/** Tells of lost connections, and remembers, with a bound, what their ends have in common. */
export class DeathTeller {
  readonly #config: Config
  readonly #proc: ProcFs
  readonly #debug = createDebug('audit')
  #standstills: readonly Standstill[] = []
  /** When the peer closed, and when something on the path had forgotten. */
  readonly #closed = new IdleAges()
  readonly #forgotten = new IdleAges()
  readonly #told = new Set<string>()
  /** How many connections were lost, by the code that explains it. */
  readonly lost = { NKA301: 0, NKA302: 0, NKA303: 0 }

  constructor(config: Config, proc: ProcFs) {
    this.#config = config
    this.#proc = proc
  }

  /** Idle times below the limit in force after which connections have died again and again. */
  get learned(): readonly Learned[] {
    return this.#forgotten.learned
  }

  /** A timer that was due at `dueAt` came `now`. */
  sawTimer(dueAt: number, now: number): void {
    this.#standstills = withStandstill(this.#standstills, dueAt, now)
  }

  tell(ended: readonly Ended[], closed: readonly PeerClose[]): void {
    for (const close of closed) {
      if (this.#counts(close) && stillMsOf(close, this.#standstills) === 0) {
        this.#closed.note(destinationOf(close.endpoint), close)
      }
    }
    const lost = ended.filter((one) => this.#counts(one))
    // Only the sysctls tell when these would have been probed.
    const bySysctls = lost.some(({ keepalive }) => keepalive?.delayMs === null)
    const sysctlDelayMs = bySysctls ? surroundings(this.#proc, this.#config).sysctls.delayMs : null
    const deaths = lost.map((one) =>
      this.#learn(deathOf(one, sysctlDelayMs, this.#standstills), one),
    )
    for (const death of deaths) {
      this.#debug('lost: %o', death)
      publish(channels.lost, () => ({
        code: explain(death, this.#config)?.code ?? null,
        message: endText(death),
        data: death,
      }))
    }
    for (const group of groupDeaths(deaths, this.#config)) {
      this.lost[group.code] += group.deaths.length
      emit(FINDINGS[group.code](group, this.#config), this.#config.format)
    }
    for (const { destination } of deaths) this.#tellLearned(destination)
  }

  #counts({ loopback }: { readonly loopback: boolean }): boolean {
    return this.#config.idleLoopback || !loopback
  }

  /** The death, with how often its idle time was seen. */
  #learn(death: Death, { endedAt }: Ended): Death {
    if (isOfStandstill(death)) return death
    const age = { ...death, endedAt }
    let recurs: Recurrence | null = null
    if (isByPeer(death)) recurs = this.#closed.note(death.destination, age)
    if (death.maxIdleMs < this.#config.limitMs && isOfPath(death)) {
      this.#forgotten.note(death.destination, age)
    }
    return { ...death, recurs }
  }

  /** Once for each destination. */
  #tellLearned(destination: string): void {
    if (this.#told.has(destination) || this.#told.size >= MOST_LEARNED) return
    const learned = this.learned.find((one) => one.destination === destination)
    if (learned === undefined) return
    this.#told.add(destination)
    emit(learnedFinding(learned, this.#config), this.#config.format)
  }
}

/** Closed in good order, or reset though keepalive was on it. */
function isByPeer({ end, firstProbeMs }: Death): boolean {
  return end === 'hang-up' || (end === 'reset' && firstProbeMs !== null)
}

/** As a path ends a connection that it has forgotten; probes that nobody answers are an outage. */
function isOfPath({ end, sent }: Death): boolean {
  return end === 'reset' || end === 'broken-pipe' || (end === 'timed-out' && sent)
}

function deathOf(
  ended: Ended,
  sysctlDelayMs: number | null,
  standstills: readonly Standstill[],
): Death {
  const { endpoint, keepalive, loopback: _loopback, endedAt: _at, usedAt: _used, ...rest } = ended
  return {
    destination: destinationOf(endpoint),
    ...rest,
    firstProbeMs: keepalive && (keepalive.delayMs ?? sysctlDelayMs),
    stillMs: stillMsOf(ended, standstills),
    recurs: null,
  }
}
