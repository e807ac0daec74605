import { loadNative } from '../kernel/native'
import { createProcFs } from '../kernel/proc-fs'
import { OutsideAuditor } from '../outside/outside-auditor'
import { idleMsOf } from '../outside/outside-socket'
import type { SeenMachine } from './seen'

/** Looks at every process of this machine. Throws where none can be seen. */
export function createLook(limitMs: number): () => SeenMachine {
  const native = loadNative()
  const part = native.known ? native.value : null
  const auditor = new OutsideAuditor(createProcFs(), { limitMs, part, loopback: false })
  return () => {
    const pids = auditor.pids()
    if (!pids.known) throw new Error(`The processes cannot be listed: ${pids.why}.`)
    const { processes, unseen } = auditor.look(pids.value, true)
    return {
      processes: processes
        .filter(({ sockets }) => sockets.length > 0)
        .map(({ command, node, hook, container, pod, sockets }) => ({
          command,
          node,
          hook,
          container,
          pod,
          sockets: sockets.map(({ judged, times }) => ({
            verdict: judged.verdict,
            idleMs: idleMsOf(times),
          })),
        })),
      unseen: unseen.map(({ reason, count }) => ({ reason, count })),
    }
  }
}
