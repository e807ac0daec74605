import { Auditor } from './auditor'
import type { Later } from './beat'
import type { Config } from './config'
import { ForeignAuditor } from './foreign-auditor'
import { createProcFs } from './kernel/proc-fs'
import type { Registry } from './registry'

/** All that looks at the connections of a process. */
export interface Watch {
  readonly auditor: Auditor
  readonly foreign: ForeignAuditor
}

export function createWatch(registry: Registry, config: Config, later: Later): Watch {
  const proc = createProcFs()
  const foreign = new ForeignAuditor(registry, config, later, proc)
  return { foreign, auditor: new Auditor(registry, config, later, proc, foreign) }
}
