import type { Registry } from '../connections/registry'
import { createProcFs } from '../kernel/proc-fs'
import type { Later } from '../process/later'
import type { Config } from '../settings/config'
import { PoolKeeper } from './pool-keeper'

export function keepPool(registry: Registry, config: Config, later: Later): PoolKeeper {
  return new PoolKeeper(registry, config, later, createProcFs())
}
