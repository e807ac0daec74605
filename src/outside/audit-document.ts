import type { NativePart } from '../kernel/native'
import type { Reading } from '../kernel/proc-fs'
import { version } from '../process/version'
import type { MachineAudit, ProcessAudit } from './outside-auditor'
import { idleMsOf, type OutsideSocket } from './outside-socket'

/** What `audit --json` prints, always: docs/schemas/audit.json. Plain data; what is not known is null. */
export interface AuditDocument {
  readonly schema: 2
  readonly version: string
  /** ISO 8601. */
  readonly takenAt: string
  readonly limitMs: number
  readonly native: { readonly loaded: boolean; readonly why: string | null }
  readonly counts: Readonly<Record<OutsideSocket['judged']['verdict'], number>>
  readonly looked: number
  readonly processes: readonly ReturnType<typeof processData>[]
  readonly unseen: MachineAudit['unseen']
}

export function auditDocument(
  { looked, processes, unseen }: MachineAudit,
  limitMs: number,
  part: Reading<NativePart>,
): AuditDocument {
  return {
    schema: 2,
    version,
    takenAt: new Date().toISOString(),
    limitMs,
    native: part.known ? { loaded: true, why: null } : { loaded: false, why: part.why },
    counts: countVerdicts(processes),
    looked,
    processes: processes.map(processData),
    unseen,
  }
}

export function countVerdicts(processes: readonly ProcessAudit[]): AuditDocument['counts'] {
  const counts = { dying: 0, 'at-risk': 0, unknown: 0, safe: 0 }
  for (const { sockets } of processes) for (const { judged } of sockets) counts[judged.verdict]++
  return counts
}

function processData(audit: ProcessAudit) {
  const { pid, command, uid, ageMs, node, container, pod, hook, sysctls, sockets } = audit
  return {
    pid,
    command,
    uid,
    ageMs,
    node,
    container,
    pod,
    hook,
    kernel: {
      sysctls: sysctls.known ? sysctls.value : null,
      why: sysctls.known ? null : sysctls.why,
      skippedLines: audit.skippedLines,
    },
    unplacedSockets: audit.unplaced,
    refused: audit.refused,
    sockets: sockets.map(socketData),
  }
}

function socketData(socket: OutsideSocket) {
  const { word, options, times, local, remote, judged } = socket
  return {
    remote,
    local,
    fds: socket.fds,
    state: socket.state,
    source: socket.source,
    idleMs: idleMsOf(times),
    kernel: {
      armed: options?.keepalive ?? word.armed,
      nextTimerMs: word.nextTimerMs,
      options:
        options === null
          ? null
          : {
              delayMs: options.delayMs,
              intervalMs: options.intervalMs,
              probes: options.probes,
              userTimeoutMs: options.userTimeoutMs,
            },
      sampledDelayMs: word.leastDelayMs,
      lastAnswerMs: times?.lastAnswerMs ?? null,
      unansweredProbes: word.unansweredProbes,
      unackedBytes: word.unackedBytes,
      why: word.why,
    },
    verdict: judged.verdict,
    reason: judged.reason,
  }
}
