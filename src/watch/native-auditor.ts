import { isLoopback } from '../connections/endpoint'
import { descriptorsOfJavaScript } from '../connections/open-sockets'
import type { Registry } from '../connections/registry'
import { createDebug } from '../findings/debug'
import { emit } from '../findings/emit'
import { foreignFinding } from '../findings/native-finding'
import { Holders, type Surmise } from '../judge/holders'
import { ForeignWatch, type JudgedForeign } from '../judge/native-groups'
import { type ForeignScan, foreignSockets } from '../judge/native-sockets'
import { judge, UNKNOWN_SCHEDULE, type Verdict } from '../judge/verdict'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import { isWorker } from '../process/is-worker'
import type { Later } from '../process/later'
import { atOnce, inSlices } from '../process/steps'
import { mayHaveWorkers } from '../process/workers'
import type { Config } from '../settings/config'
import { tellOfKernel } from './kernel-check'

/** What earlier looks at the descriptors of this process leave to the next ones; none of it sockets. */
export class Looks {
  readonly holders = new Holders()
  /** The ports that this process was seen to listen on. */
  readonly listened = new Set<number>()
}

/** Looks for outbound connections that the hook does not know, and warns about those at risk. */
export class ForeignAuditor {
  readonly #registry: Registry
  readonly #config: Config
  readonly #later: Later
  readonly #proc: ProcFs
  readonly #watch = new ForeignWatch()
  readonly #debug = createDebug('foreign')
  readonly looks = new Looks()
  #looking = false
  told = 0

  constructor(registry: Registry, config: Config, later: Later, proc: ProcFs) {
    this.#registry = registry
    this.#config = config
    this.#later = later
    this.#proc = proc
  }

  /** One look, in slices. Does not reject. */
  async look(): Promise<void> {
    if (this.#looking || isWorker()) return
    this.#looking = true
    try {
      const { known, surmise } = ownSockets(this.#registry, this.looks)
      const worth = (inodes: ReadonlySet<number>) => {
        this.looks.holders.see(inodes)
        return this.#watch.hasNew(inodes)
      }
      const pause = (next: () => void) => void this.#later(next, 1)
      const { listened } = this.looks
      const scan = await inSlices(foreignSockets(this.#proc, 'self', known, listened, worth), pause)
      if (!scan.known) this.#debug('not known: %s', scan.why)
      else if (scan.value !== null) this.#tell(scan.value, surmise)
    } catch (error) {
      this.#debug('a look failed: %O', error)
    } finally {
      this.#looking = false
    }
  }

  #tell({ inodes, sockets }: ForeignScan, surmise: Surmise): void {
    const { idleLoopback, format, limitMs } = this.#config
    const remote = sockets.filter((socket) => idleLoopback || !isLoopback(socket.remote.address))
    const judged = judgeForeign(remote, limitMs, this.looks, surmise)
    for (const group of this.#watch.take(inodes, judged)) {
      this.told++
      emit(foreignFinding(group, this.#config), format)
      tellOfKernel(this.#proc, this.#config)
    }
  }
}

/** What JavaScript of this thread knows of its own sockets, and what follows for the others. */
function ownSockets(registry: Registry, { listened }: Looks) {
  const { known, others, ports } = descriptorsOfJavaScript(registry)
  for (const port of ports) listened.add(port)
  return { known, surmise: { javascript: others, workers: mayHaveWorkers() } }
}

/** Judges connections of which only the kernel's word is known, and neither age nor times. */
function judgeForeign(
  sockets: ForeignScan['sockets'],
  limitMs: number,
  { holders }: Looks,
  surmise: Surmise,
): JudgedForeign[] {
  return sockets.map((socket) => {
    const holder = holders.holderOf(socket, surmise)
    const { word } = socket
    const judged = judge({ word, ageMs: null, schedule: UNKNOWN_SCHEDULE, limitMs })
    return { ...socket, holder, judged: holder === 'javascript' ? received(judged) : judged }
  })
}

/** What is true of an inbound connection as well. */
function received({ verdict, reason }: Verdict): Verdict {
  const whence = 'the program received it or made it around a descriptor, so it may be inbound.'
  return { verdict, reason: `${reason.replace(/\.$/, '')}; ${whence}` }
}

/** What is open now beyond the registry, for a report. Reads the table at once. */
export function foreignNow(
  registry: Registry,
  proc: ProcFs,
  limitMs: number,
  looks = new Looks(),
): Reading<JudgedForeign[]> {
  if (isWorker()) return { known: false, why: 'the main thread tells of the whole process' }
  const { known, surmise } = ownSockets(registry, looks)
  const scan = atOnce(foreignSockets(proc, 'self', known, looks.listened))
  if (!scan.known) return scan
  return { known: true, value: judgeForeign(scan.value.sockets, limitMs, looks, surmise) }
}
