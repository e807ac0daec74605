import { isLoopback } from '../connections/endpoint'
import { descriptorsOfJavaScript } from '../connections/open-sockets'
import type { Registry } from '../connections/registry'
import { emit } from '../findings/emit'
import { foreignFinding } from '../findings/native-finding'
import { Holders, type Surmise } from '../judge/holders'
import { ofOptions } from '../judge/judge-entry'
import { ForeignWatch, type JudgedForeign } from '../judge/native-groups'
import { type ForeignScan, foreignSockets } from '../judge/native-sockets'
import { judge, UNKNOWN_SCHEDULE, type Verdict } from '../judge/verdict'
import { loadedAddons } from '../kernel/loaded-addons'
import { loadNative } from '../kernel/native'
import type { ProcFs, Reading } from '../kernel/proc-fs'
import { SocketFacts } from '../kernel/socket-facts'
import { readOptions } from '../kernel/socket-options'
import { createDebug } from '../process/debug'
import { isWorker } from '../process/is-worker'
import type { Later } from '../process/later'
import { pauseBy } from '../process/slices'
import { atOnce, inSlices } from '../process/steps'
import { mayHaveWorkers } from '../process/workers'
import type { Config } from '../settings/config'
import { armForeign } from './arm-foreign'
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
  /** Connections of native code that were given the schedule. */
  armed = 0

  constructor(registry: Registry, config: Config, later: Later, proc: ProcFs) {
    this.#registry = registry
    this.#config = config
    this.#later = later
    this.#proc = proc
  }

  /** One look, in slices. Does not reject. */
  async look(): Promise<void> {
    if (this.#looking || isWorker() || this.#config.foreign === 'off') return
    this.#looking = true
    try {
      const { known, surmise } = ownSockets(this.#registry, this.looks)
      const worth = (inodes: ReadonlySet<number>) => {
        this.looks.holders.see(inodes)
        return this.#watch.hasNew(inodes)
      }
      const { listened } = this.looks
      const scan = await inSlices(
        foreignSockets(this.#proc, 'self', known, listened, worth),
        pauseBy(this.#later),
      )
      if (!scan.known) this.#debug('not known: %s', scan.why)
      else if (scan.value !== null) this.#tell(scan.value, surmise)
    } catch (error) {
      this.#debug('a look failed: %O', error)
    } finally {
      this.#looking = false
    }
  }

  /** Whether there are connections that the next look may protect or tell of. */
  get suspects(): boolean {
    return this.#watch.suspects > 0
  }

  /** Gives it the schedule; says why that could not be done, where it could not. */
  #arm(socket: JudgedForeign): { socket: JudgedForeign; why: string }[] {
    const why = armForeign(socket, this.#config)
    const { address, port } = socket.remote
    this.#debug('%s:%d %s', address, port, why ?? 'has the schedule now')
    if (why !== null) return [{ socket, why }]
    this.armed++
    return []
  }

  #tell({ inodes, sockets }: ForeignScan, surmise: Surmise): void {
    const { idleLoopback, format } = this.#config
    const remote = sockets.filter((socket) => idleLoopback || !isLoopback(socket.remote.address))
    const judged = judgeForeign(remote, this.#config, this.looks, surmise)
    let addons: readonly string[] | undefined
    for (const group of this.#watch.take(inodes, judged)) {
      const bare = group.sockets.flatMap((socket) => this.#arm(socket))
      const [first] = bare
      if (first === undefined) continue
      this.told++
      const sockets = bare.map(({ socket }) => socket)
      addons ??= loadedAddons(this.#proc)
      emit(foreignFinding({ ...group, sockets, why: first.why, addons }, this.#config), format)
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

/** Judges connections of which only the kernel's word is known: by their options, where it tells. */
function judgeForeign(
  sockets: ForeignScan['sockets'],
  { limitMs, native }: Pick<Config, 'limitMs' | 'native'>,
  { holders }: Looks,
  surmise: Surmise,
): JudgedForeign[] {
  const part = loadNative(native)
  const facts = new SocketFacts()
  return sockets.map((socket) => {
    const holder = holders.holderOf(socket, surmise)
    const { word, fds } = socket
    const options = part.known ? readOptions(part.value, facts, fds[0] ?? -1) : null
    const schedule = options === null ? UNKNOWN_SCHEDULE : ofOptions(options)
    const judged = judge({ word, ageMs: null, schedule, limitMs })
    return {
      ...socket,
      options,
      holder,
      judged: holder === 'javascript' ? received(judged) : judged,
    }
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
  config: Pick<Config, 'limitMs' | 'native'>,
  looks = new Looks(),
): Reading<JudgedForeign[]> {
  if (isWorker()) return { known: false, why: 'the main thread tells of the whole process' }
  const { known, surmise } = ownSockets(registry, looks)
  const scan = atOnce(foreignSockets(proc, 'self', known, looks.listened))
  if (!scan.known) return scan
  return { known: true, value: judgeForeign(scan.value.sockets, config, looks, surmise) }
}
