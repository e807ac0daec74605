import { isLoopback } from '../connections/endpoint'
import { ProcessAuditor } from '../judge/process-auditor'
import { createProcFs } from '../kernel/proc-fs'
import type { SeenMachine, SeenProcess } from './seen'

/** Looks at every process of this machine. Throws where none can be seen. */
export function createLook(limitMs: number): () => SeenMachine {
  const proc = createProcFs()
  const auditor = new ProcessAuditor(proc, limitMs)
  return () => {
    const pids = auditor.pids()
    if (!pids.known) throw new Error(`The processes cannot be listed: ${pids.why}.`)
    const processes: SeenProcess[] = []
    let unseen = 0
    for (const pid of pids.value) {
      const audit = auditor.look(pid)
      if (!audit.known) {
        if (auditor.exists(pid)) unseen++
        continue
      }
      const sockets = audit.value.sockets
        .filter(({ remote }) => !isLoopback(remote.address))
        .map(({ judged }) => ({ verdict: judged.verdict, idleMs: null }))
      if (sockets.length === 0) continue
      processes.push({
        command: audit.value.command,
        node: null,
        hook: null,
        container: null,
        pod: null,
        sockets,
      })
    }
    return { processes, unseen: unseen === 0 ? [] : [{ reason: 'refused', count: unseen }] }
  }
}
