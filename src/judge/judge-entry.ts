import type { Entry } from '../connections/registry'
import type { KernelWord } from '../kernel/kernel-word'
import type { ProcFs } from '../kernel/proc-fs'
import type { SocketOptions } from '../kernel/socket-options'
import { readKeepaliveSysctls } from '../kernel/sysctl'
import { clock } from '../process/clock'
import type { Config } from '../settings/config'
import { exceeds, judge, type Schedule, UNKNOWN_SCHEDULE, type Verdict } from './verdict'

/** What the verdict depends on beyond the socket itself. */
export interface Surroundings {
  /** After which the path forgets an idle connection, in milliseconds. */
  readonly limitMs: number
  /** The times that the sysctls of the network namespace give. */
  readonly sysctls: Schedule
}

export function surroundings(proc: ProcFs, { limitMs }: Config): Surroundings {
  const sysctls = readKeepaliveSysctls(proc)
  if (!sysctls.known) return { limitMs, sysctls: UNKNOWN_SCHEDULE }
  const { timeSeconds, intervalSeconds, probes } = sysctls.value
  const [delayMs, intervalMs] = [timeSeconds * 1_000, intervalSeconds * 1_000]
  return { limitMs, sysctls: { delayMs, intervalMs, probes } }
}

/**
 * The verdict on a tracked socket: the kernel's word, and what is known to have been set on it. An
 * entry whose timer is seen to exceed that is marked, because a look near the end of the longer delay
 * would see nothing wrong any more. `options`, where the kernel gave them, leave nothing to be known.
 */
export function judgeEntry(
  entry: Entry,
  word: KernelWord,
  around: Surroundings,
  options: SocketOptions | null = null,
): Verdict {
  const { limitMs } = around
  if (options !== null) return judge({ word, ageMs: null, schedule: ofOptions(options), limitMs })
  const schedule = scheduleOf(entry, around.sysctls)
  if (exceeds(word, schedule)) entry.changedBehind = true
  const { openedAt, changedBehind } = entry
  const ageMs = openedAt === null ? null : clock() - openedAt
  return judge({ word, ageMs, schedule, changedBehind, limitMs })
}

/** The times that a socket has for certain, because the kernel said so. */
export function ofOptions({ keepalive, delayMs, intervalMs, probes }: SocketOptions): Schedule {
  return keepalive ? { delayMs, intervalMs, probes } : UNKNOWN_SCHEDULE
}

/** The times on a socket as far as they are known; none where something else has changed them. */
export function scheduleNow(entry: Entry, sysctls: Schedule): Schedule {
  return entry.changedBehind ? UNKNOWN_SCHEDULE : scheduleOf(entry, sysctls)
}

/** What is on the socket, as far as the hook put it there or saw the program do it. */
function scheduleOf({ decision, asked }: Entry, sysctls: Schedule): Schedule {
  const set = decision.action === 'protect' ? decision : asked?.enable ? asked : null
  if (set === null) return UNKNOWN_SCHEDULE
  if (set.delayMs !== null) return set
  // Switched on without times, a socket has those of its network namespace, unless we set some before.
  return decision.action === 'leave' && decision.touched ? UNKNOWN_SCHEDULE : sysctls
}
