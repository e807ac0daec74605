import type { Policy } from '../connections/policy'
import type { Registry } from '../connections/registry'
import { createDebug } from '../process/debug'
import type { Later } from '../process/later'
import { pauseBy } from '../process/slices'
import type { Config } from '../settings/config'
import type { PoolKeeper } from '../watch/pool-keeper'
import type { Watch } from '../watch/watch'
import { TopUp } from './top-up'

/** A thousand sockets in a turn of the event loop take about a millisecond. */
const STEPS_OF_A_SLICE = 16

/** What is done with the connections while they are open. */
export class Upkeep {
  readonly topUp: TopUp
  readonly #registry: Registry
  readonly #config: Config
  readonly #later: Later
  #watch: Watch | undefined
  #keeper: PoolKeeper | undefined
  readonly #debug = createDebug('upkeep')

  constructor(registry: Registry, config: Config, policy: Policy, later: Later) {
    this.#registry = registry
    this.#config = config
    this.#later = later
    this.topUp = new TopUp(registry, config, policy, pauseBy(later))
  }

  /** What looks at the connections. Loaded at the first look, which many programs do not live to see. */
  get watch(): Watch {
    if (this.#watch === undefined) {
      const { createWatch } = loadWatch()
      this.#watch = createWatch(this.#registry, this.#config, this.#later)
    }
    return this.#watch
  }

  /** Whether anything has looked at the connections yet. */
  get watched(): boolean {
    return this.#watch !== undefined
  }

  /** Notes the byte counters of the connections, in slices, and tells nothing. */
  glance(): void {
    this.#keepPool()
    const steps = this.#registry.look(() => {})
    const go = () => {
      for (let step = 0; step < STEPS_OF_A_SLICE; step++) if (steps.next().done) return
      this.#later(go, 1)
    }
    go()
  }

  /** Begins to look at the connections of the process, if that is wanted. Throws where it cannot. */
  start(): void {
    this.#keepPool()
    if (this.#config.auditMs !== null) this.watch.auditor.start()
  }

  /** From the first glance on: what is made at a connect would be in the context of a request. */
  #keepPool(): void {
    if (this.#config.pool !== 'evict' || this.#keeper !== undefined) return
    try {
      const { keepPool } = require('../watch/keep-pool') as typeof import('../watch/keep-pool')
      this.#keeper = keepPool(this.#registry, this.#config, this.#later)
    } catch (error) {
      this.#debug('the pool: %O', error)
    }
  }

  stop(): void {
    this.#keeper?.stop()
    this.#watch?.auditor.stop()
  }
}

/** Whoever may not be able to do it later calls it at once. */
export function loadWatch(): typeof import('../watch/watch') {
  return require('../watch/watch')
}
