import type { Socket } from 'node:net'
import type { Ended } from '../connections/ended'
import { destinationOf } from '../connections/endpoint'
import type { Entry, Registry } from '../connections/registry'
import { channels } from '../findings/channels'
import { closedFinding } from '../findings/closed-finding'
import { deathFinding } from '../findings/death-finding'
import { createDebug } from '../findings/debug'
import { emit } from '../findings/emit'
import { givenUpFinding } from '../findings/given-up-finding'
import { endText } from '../findings/lost'
import { publish } from '../findings/publish'
import { type Death, explain, groupDeaths } from '../judge/deaths'
import {
  auditIdle,
  type Episodes,
  type IdleGroup,
  type JudgedSocket,
  summarize,
} from '../judge/idle-groups'
import { judgeEntry, type Surroundings, surroundings } from '../judge/judge-entry'
import type { Verdict } from '../judge/verdict'
import type { Words } from '../kernel/ask-kernel'
import type { ProcFs } from '../kernel/proc-fs'
import { clock } from '../process/clock'
import type { Later } from '../process/later'
import { Slices } from '../process/slices'
import type { Config } from '../settings/config'
import { Asker } from './asker'
import { IdleTeller } from './idle-teller'
import { tellOfKernel } from './kernel-check'
import type { ForeignAuditor } from './native-auditor'
import { type QuietSocket, VitalSigns } from './vital-signs'

/** What costs more than a look at counters is done once in so many regular beats. */
const SLOW_EVERY = 4

/** Data that is not acknowledged for so long is a sign, and so are three probes. */
const QUIET_MS = 30_000
const QUIET_PROBES = 3

/** What tells of a lost connection, by its cause. */
const FINDINGS = { NKA301: deathFinding, NKA302: givenUpFinding, NKA303: closedFinding }

/** An idle socket on its way to a verdict. */
interface Candidate extends JudgedSocket {
  readonly entry: Entry
  readonly socket: Socket
  judged: Verdict
}

const NOT_JUDGED: Verdict = { verdict: 'unknown', reason: '' }

/**
 * Looks at the registry on a beat that does not keep the process alive. Warns about idle sockets,
 * and about those that died of it. The kernel is asked only when there is something to tell.
 */
export class Auditor {
  readonly #registry: Registry
  readonly #config: Config
  readonly #later: Later
  readonly #proc: ProcFs
  readonly #asker: Asker
  readonly #vital: VitalSigns
  readonly #debug = createDebug('audit')
  #cancel: (() => void) | undefined
  #stopped = false
  readonly #foreign: ForeignAuditor
  #vitalAt = 0
  #foreignAt = 0
  #episodes: Episodes = new Map()
  #asking = false
  readonly #idle: IdleTeller
  /** How many findings of each kind were told. */
  readonly counters = { idle: 0, lost: 0 }
  readonly lost = { NKA301: 0, NKA302: 0, NKA303: 0 }

  constructor(
    registry: Registry,
    config: Config,
    later: Later,
    proc: ProcFs,
    foreign: ForeignAuditor,
  ) {
    this.#registry = registry
    this.#config = config
    this.#later = later
    this.#proc = proc
    this.#foreign = foreign
    this.#idle = new IdleTeller(config)
    this.#asker = new Asker(config, later, proc)
    this.#vital = new VitalSigns(registry, config, proc, this.#asker)
  }

  /** How many groups with dying connections were told of. */
  get dying(): number {
    return this.#vital.count
  }

  /** Looks now, and from now on. */
  start(): void {
    this.#beat()
  }

  stop(): void {
    this.#cancel?.()
    this.#stopped = true
  }

  /**
   * One look, in slices. Resolves to the time until the next socket could pass the threshold, in
   * milliseconds. `vitalSigns`: whether to ask about all that have been quiet, too.
   */
  async look(vitalSigns = false): Promise<number> {
    const { idleWarnMs, idleLoopback, auditMs, delayMs, intervalMs } = this.#config
    const threshold = idleWarnMs ?? Number.POSITIVE_INFINITY
    // What passes the threshold before the next look goes into the same warning.
    const about = Math.max(threshold / 2, threshold - (auditMs ?? 0))
    const idle: Candidate[] = []
    const quiet: QuietSocket[] = []
    const quietMs = Math.min(QUIET_MS, delayMs + QUIET_PROBES * intervalMs)
    let longest = 0
    const steps = this.#registry.look((entry, socket, idleMs) => {
      if (idleMs < threshold && idleMs > longest) longest = idleMs
      if (vitalSigns && idleMs >= quietMs && (idleLoopback || !entry.loopback)) {
        quiet.push({ entry, socket, idleMs })
      }
      if (idleMs < about || (!idleLoopback && entry.loopback)) return
      idle.push(candidate(entry, socket, idleMs))
    })
    const slices = new Slices(this.#asker.pause)
    for (const _ of steps) if (slices.over) await slices.next()
    if (this.#stopped) return threshold
    this.#tellDeaths(this.#registry.takeEnded())
    if (vitalSigns) this.#vital.look(quiet)
    if (!this.#asking) {
      const { tell, episodes } = auditIdle(idle, threshold, this.#episodes)
      this.#episodes = episodes
      if (tell.length > 0) this.#confirm(tell)
    }
    return threshold - longest
  }

  #tellDeaths(ended: readonly Ended[]): void {
    const { idleLoopback } = this.#config
    const lost = ended.filter(({ loopback }) => idleLoopback || !loopback)
    // Only the sysctls tell when these would have been probed.
    const bySysctls = lost.some(({ keepalive }) => keepalive?.delayMs === null)
    const sysctlDelayMs = bySysctls ? surroundings(this.#proc, this.#config).sysctls.delayMs : null
    const deaths = lost.map((one) => deathOf(one, sysctlDelayMs))
    for (const death of deaths) {
      this.#debug('lost: %o', death)
      publish(channels.lost, () => ({
        code: explain(death, this.#config)?.code ?? null,
        message: endText(death),
        data: death,
      }))
    }
    for (const group of groupDeaths(deaths, this.#config)) {
      this.counters.lost += group.deaths.length
      this.lost[group.code] += group.deaths.length
      emit(FINDINGS[group.code](group, this.#config), this.#config.format)
    }
  }

  /** Asks the kernel about the sockets of some groups, and tells of them. */
  async #confirm(groups: readonly IdleGroup<Candidate>[]): Promise<void> {
    this.#asking = true
    try {
      const words = await this.#asker.askPatiently(
        groups.flatMap(({ sockets }) => sockets.map(({ socket }) => socket)),
      )
      const around = surroundings(this.#proc, this.#config)
      const slices = new Slices(this.#asker.pause)
      for (const group of groups) {
        for (const one of group.sockets) {
          one.judged = this.#judge(one, words, around)
          if (slices.over) await slices.next()
        }
        // One that was closed meanwhile has nothing to fear.
        const sockets = group.sockets.filter(({ socket }) => !socket.destroyed)
        if (sockets.length === 0 || this.#stopped) continue
        if (this.#idle.tell(summarize({ ...group, sockets }))) this.counters.idle++
        if (sockets.some(isLeftToKernel)) tellOfKernel(this.#proc, this.#config)
      }
    } catch (error) {
      this.#debug('asking the kernel failed: %O', error)
    } finally {
      this.#asking = false
    }
  }

  /** What the hook knows to be on it decides; where that does not make it safe, the kernel is asked. */
  #judge({ entry, socket }: Candidate, words: Words, around: Surroundings): Verdict {
    const word = words.of(socket)
    const judged = judgeEntry(entry, word, around)
    if (judged.verdict === 'safe') return judged
    const options = this.#asker.optionsOf(socket)
    return options === null ? judged : judgeEntry(entry, word, around, options)
  }

  #schedule(delayMs: number): void {
    this.#cancel = this.#later(() => this.#beat(), delayMs)
  }

  async #beat(): Promise<void> {
    const { auditMs, limitMs } = this.#config
    if (auditMs === null || this.#stopped) return
    let nextMs = auditMs
    const vitalSigns = this.#vital.alarmed || clock() >= this.#vitalAt
    if (vitalSigns) this.#vitalAt = clock() + SLOW_EVERY * auditMs
    try {
      // Regular beats alone would tell of some sockets a whole beat late, possibly past the limit.
      nextMs = Math.min(auditMs, Math.max(await this.look(vitalSigns), auditMs / 10))
    } catch (error) {
      this.#debug('a look failed: %O', error)
    }
    if (this.#stopped) return
    if (clock() >= this.#foreignAt) {
      // A connection of native code is to be found before the path forgets it.
      this.#foreignAt = clock() + Math.min(SLOW_EVERY * auditMs, limitMs / 2)
      this.#foreign.look()
    } else if (this.#foreign.suspects) this.#foreign.look()
    this.#schedule(nextMs)
  }
}

function candidate(entry: Entry, socket: Socket, idleMs: number): Candidate {
  const { decision } = entry
  return {
    destination: destinationOf(entry.endpoint),
    opener: entry.opener,
    idleMs,
    decision,
    entry,
    socket,
    judged: NOT_JUDGED,
    request: entry.request,
  }
}

/** Whether it would be protected if the kernel's own values suited the path. */
function isLeftToKernel({ entry: { asked, decision }, judged }: Candidate): boolean {
  if (judged.verdict !== 'at-risk') return false
  if (decision.action === 'protect') return decision.delayMs === null
  return asked?.enable === true && asked.delayMs === null
}

function deathOf(ended: Ended, sysctlDelayMs: number | null): Death {
  const { endpoint, keepalive, loopback: _, ...rest } = ended
  return {
    destination: destinationOf(endpoint),
    ...rest,
    firstProbeMs: keepalive && (keepalive.delayMs ?? sysctlDelayMs),
  }
}
