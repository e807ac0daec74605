import type { Registry } from '../connections/registry'
import { createProcFs } from '../kernel/proc-fs'
import { isWorker } from '../process/is-worker'
import type { Later } from '../process/later'
import type { Config } from '../settings/config'
import { Auditor } from './auditor'
import { showKernel } from './kernel-check'
import { ForeignAuditor } from './native-auditor'

/** All that looks at the connections of a process. */
export interface Watch {
  readonly auditor: Auditor
  readonly foreign: ForeignAuditor
}

export function createWatch(registry: Registry, config: Config, later: Later): Watch {
  const proc = createProcFs()
  if (!isWorker()) showKernel(proc, config)
  const foreign = new ForeignAuditor(registry, config, later, proc)
  return { foreign, auditor: new Auditor(registry, config, later, proc, foreign) }
}
