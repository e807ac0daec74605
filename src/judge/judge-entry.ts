import type { Entry } from '../connections/registry'
import type { KernelWord } from '../kernel/kernel-word'
import type { ProcFs } from '../kernel/proc-fs'
import { readKeepaliveSysctls } from '../kernel/sysctl'
import { clock } from '../process/clock'
import type { Config } from '../settings/config'
import { judge, type Verdict } from './verdict'

/** What the verdict depends on beyond the socket itself, in milliseconds. */
export interface Surroundings {
  /** After which the path forgets an idle connection. */
  readonly limitMs: number
  /** The delay that the sysctls of the network namespace give; null: not known. */
  readonly sysctlDelayMs: number | null
}

export function surroundings(proc: ProcFs, { limitMs }: Config): Surroundings {
  const sysctls = readKeepaliveSysctls(proc)
  return { limitMs, sysctlDelayMs: sysctls.known ? sysctls.value.timeSeconds * 1_000 : null }
}

/** The verdict on a tracked socket: the kernel's word, and what is known to have been set on it. */
export function judgeEntry(entry: Entry, word: KernelWord, around: Surroundings): Verdict {
  const { decision, asked, openedAt } = entry
  const set = decision.action === 'protect' ? decision : asked?.enable ? asked : null
  // Switched on without times, a socket has those of its network namespace.
  const touched = decision.action === 'leave' && decision.touched
  const sysctlDelayMs = touched ? null : around.sysctlDelayMs
  const delayMs = set === null ? null : (set.delayMs ?? sysctlDelayMs)
  // The age of a socket that was open before us is at most that of the process.
  const ageMs = clock() - (openedAt ?? 0)
  return judge({ word, ageMs, delayMs, limitMs: around.limitMs })
}
