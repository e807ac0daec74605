import { isLoopback } from '../connections/endpoint'
import { descriptorsOfJavaScript } from '../connections/open-sockets'
import type { Registry } from '../connections/registry'
import { createDebug } from '../findings/debug'
import { emit } from '../findings/emit'
import { foreignFinding } from '../findings/native-finding'
import { ForeignWatch, type JudgedForeign } from '../judge/native-groups'
import {
  type ForeignScan,
  type ForeignSocket,
  readForeign,
  scanForeign,
} from '../judge/native-sockets'
import { judge } from '../judge/verdict'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import { isWorker } from '../process/is-worker'
import type { Later } from '../process/later'
import type { Config } from '../settings/config'

/** Looks for outbound connections that the hook does not know, and warns about those at risk. */
export class ForeignAuditor {
  readonly #registry: Registry
  readonly #config: Config
  readonly #later: Later
  readonly #proc: ProcFs
  readonly #watch = new ForeignWatch()
  readonly #debug = createDebug('foreign')
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
      const skip = descriptorsOfJavaScript(this.#registry)
      const worth = (inodes: Iterable<number>) => this.#watch.hasNew(inodes)
      const pause = (next: () => void) => void this.#later(next, 1)
      const scan = await scanForeign(this.#proc, 'self', skip, worth, pause)
      if (!scan.known) this.#debug('not known: %s', scan.why)
      else if (scan.value !== null) this.#tell(scan.value)
    } catch (error) {
      this.#debug('a look failed: %O', error)
    } finally {
      this.#looking = false
    }
  }

  #tell({ inodes, sockets }: ForeignScan): void {
    const { idleLoopback, format } = this.#config
    const remote = sockets.filter((socket) => idleLoopback || !isLoopback(socket.remote.address))
    const judged = judgeForeign(remote, this.#config.limitMs)
    for (const group of this.#watch.take(inodes, judged)) {
      this.told++
      emit(foreignFinding(group, this.#config), format)
    }
  }
}

/** Judges connections of this process of which only the kernel's word is known. */
function judgeForeign(sockets: readonly ForeignSocket[], limitMs: number): JudgedForeign[] {
  const ageMs = process.uptime() * 1_000
  return sockets.map((socket) => ({
    ...socket,
    judged: judge({ word: socket.word, ageMs, delayMs: null, limitMs }),
  }))
}

/** What is open now beyond the registry, for a report. Reads the table at once. */
export function foreignNow(
  registry: Registry,
  proc: ProcFs,
  limitMs: number,
): Reading<JudgedForeign[]> {
  if (isWorker()) return { known: false, why: 'the main thread tells of the whole process' }
  const scan = readForeign(proc, 'self', descriptorsOfJavaScript(registry))
  return scan.known ? { known: true, value: judgeForeign(scan.value.sockets, limitMs) } : scan
}
