import type { NativePart } from '../../kernel/native'
import type { ProcFs } from '../../kernel/proc-fs'
import type { OutsideAuditor, ProcessAudit } from '../../outside/outside-auditor'
import {
  type InstalledHook,
  installHook,
  packageThere,
  refuseInstall,
} from '../../rescue/install-hook'
import type { WantedSchedule } from '../../rescue/keepalive-plan'
import { explainRefusal, type Refusal } from '../../rescue/refusal'
import { type RescuedSocket, rescueProcess } from '../../rescue/rescue-process'
import type { Exclude } from '../../settings/exclude'

/** What became of one process. */
export interface RescuedProcess {
  readonly pid: number
  /** Null where it could not be looked into. */
  readonly audit: ProcessAudit | null
  readonly refused: Refusal | null
  readonly connections: readonly RescuedSocket[]
  /** Only where that was asked for. */
  readonly install: InstallOutcome | null
}

/** `possible`: what a dry run says. */
export type InstallOutcome =
  | { readonly outcome: 'installed'; readonly installed: InstalledHook }
  | { readonly outcome: 'possible' }
  | { readonly outcome: 'refused'; readonly refused: Refusal }
  | { readonly outcome: 'failed'; readonly why: string }

export interface RescueOrder {
  readonly part: NativePart
  readonly proc: ProcFs
  readonly wanted: WantedSchedule
  readonly exclude: Exclude
  readonly dryRun: boolean
  /** Null: the hook is not to be installed. */
  readonly install: { readonly folders: readonly string[]; readonly sure: boolean } | null
}

/** Rescues one process, as far as it lets itself be rescued. */
export async function rescueOne(
  auditor: OutsideAuditor,
  pid: number,
  order: RescueOrder,
): Promise<RescuedProcess> {
  const { part, wanted, exclude, dryRun } = order
  const { processes, unseen } = auditor.look([pid], false)
  const [audit] = processes
  if (audit === undefined) {
    const [reason] = unseen
    const why = reason?.why ?? 'The process has ended.'
    const refused = { why, action: reason?.action ?? 'Name one that runs.' }
    return { pid, audit: null, refused, connections: [], install: null }
  }
  const sockets = audit.sockets.filter(
    ({ remote }) => exclude.address(remote.address, remote.port) === null,
  )
  // The hook first: where it cannot set all of a schedule, the descriptors have the last word.
  const install = await installInto(audit, order)
  const connections = rescueProcess(part, pid, sockets, wanted, dryRun)
  if (typeof connections !== 'string') return { pid, audit, refused: null, connections, install }
  const { why, action } = explainRefusal(connections, audit.uid, auditor.rights)
  const tip =
    audit.node && order.install === null
      ? ' Or add --install, which takes no such right of a program of Node that runs as this user.'
      : ''
  const refused = { why: `Nothing was done to its descriptors: ${why}.`, action: action + tip }
  return { pid, audit, refused, connections: [], install }
}

async function installInto(
  audit: ProcessAudit,
  { proc, wanted, dryRun, install }: RescueOrder,
): Promise<InstallOutcome | null> {
  if (install === null) return null
  const pid = audit.pid as number
  const folder = packageThere(proc, pid, install.folders)
  if (folder === null) {
    const refused = {
      why: `there is no hook in its file system (looked for in ${install.folders.join(', ')})`,
      action: 'Copy the package to where it can read it, and name that folder with --from.',
    }
    return { outcome: 'refused', refused }
  }
  const refused = refuseInstall(proc, audit, install.sure)
  if (refused !== null) return { outcome: 'refused', refused }
  if (dryRun) return { outcome: 'possible' }
  try {
    const installed = await installHook(proc, pid, { folder, wanted })
    return { outcome: 'installed', installed }
  } catch (error) {
    return { outcome: 'failed', why: error instanceof Error ? error.message : String(error) }
  }
}
