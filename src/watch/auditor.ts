import type { Socket } from 'node:net'
import { destinationOf } from '../connections/endpoint'
import type { Entry, Registry } from '../connections/registry'
import { quietAfterMs } from '../judge/dying'
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
import { createDebug } from '../process/debug'
import type { Later } from '../process/later'
import { Slices } from '../process/slices'
import type { Config } from '../settings/config'
import { Asker } from './asker'
import { DeathTeller } from './death-teller'
import { IdleTeller } from './idle-teller'
import { tellOfKernel } from './kernel-check'
import type { ForeignAuditor } from './native-auditor'
import { type QuietSocket, VitalSigns } from './vital-signs'

/** What costs more than a look at counters is done once in so many regular beats. */
const SLOW_EVERY = 4

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
  readonly #deaths: DeathTeller
  /** When the next beat is due. */
  #dueAt: number | null = null
  #idleTold = 0

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
    this.#deaths = new DeathTeller(config, proc)
    this.#asker = new Asker(config, later, proc)
    this.#vital = new VitalSigns(registry, config, proc, this.#asker)
  }

  /** How many groups with dying connections were told of. */
  get dying(): number {
    return this.#vital.count
  }

  /** How many connections were lost, by the code that explains it. */
  get lost(): DeathTeller['lost'] {
    return this.#deaths.lost
  }

  /** How many findings about idle connections were told, and how many connections were lost. */
  get counters(): { readonly idle: number; readonly lost: number } {
    const { NKA301, NKA302, NKA303 } = this.#deaths.lost
    return { idle: this.#idleTold, lost: NKA301 + NKA302 + NKA303 }
  }

  /** Idle times below the limit in force after which connections have died again and again. */
  get learned(): DeathTeller['learned'] {
    return this.#deaths.learned
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
    const quietMs = quietAfterMs(delayMs, intervalMs)
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
    this.#deaths.tell(this.#registry.takeEnded(), this.#registry.takeClosed())
    if (vitalSigns) this.#vital.look(quiet)
    if (!this.#asking) {
      const { tell, episodes } = auditIdle(idle, threshold, this.#episodes)
      this.#episodes = episodes
      if (tell.length > 0) this.#confirm(tell)
    }
    return threshold - longest
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
        if (this.#idle.tell(summarize({ ...group, sockets }))) this.#idleTold++
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
    this.#dueAt = clock() + delayMs
    this.#cancel = this.#later(() => this.#beat(), delayMs)
  }

  async #beat(): Promise<void> {
    const { auditMs, limitMs } = this.#config
    if (auditMs === null || this.#stopped) return
    if (this.#dueAt !== null) this.#deaths.sawTimer(this.#dueAt, clock())
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
