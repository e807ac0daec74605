import type { SeenProcess, SeenSocket } from './seen'

/** Who has connections, as labels. */
export interface Labels {
  readonly command: string
  readonly runtime: 'node' | 'other' | 'unknown'
  /** The version of the hook, `none`, or `unknown` where it is there and its version is not known. */
  readonly hook: string
  readonly container: string
  readonly pod: string
}

export type Verdict = SeenSocket['verdict']

/** The connections of processes that have the same labels. */
export interface Group {
  readonly labels: Labels
  processes: number
  readonly verdicts: Record<Verdict, number>
  /** Of the connections whose idle time is known. */
  oldestIdleMs: number | null
}

export interface Groups {
  readonly groups: readonly Group[]
  /** How many groups went into `other`, because there would have been more than the cap. */
  readonly folded: number
}

/**
 * Groups processes by their labels. Of more groups than `cap`, the worst keep their labels, and the
 * others are one whose texts are `other`: what a fleet starts must not grow the memory of Prometheus
 * without bounds. Pure.
 */
export function groupProcesses(processes: readonly SeenProcess[], cap: number): Groups {
  const groups = new Map<string, Group>()
  for (const process of processes) add(groups, labelsOf(process), countsOf(process))
  if (groups.size <= cap) return { groups: [...groups.values()], folded: 0 }
  const sorted = [...groups.values()].sort((a, b) => weight(b) - weight(a))
  const kept = new Map<string, Group>()
  for (const { labels, ...counts } of sorted.slice(0, cap)) add(kept, labels, counts)
  for (const { labels, ...counts } of sorted.slice(cap)) {
    const other = { command: 'other', container: 'other', pod: 'other', hook: 'other' }
    add(kept, { ...other, runtime: labels.runtime }, counts)
  }
  return { groups: [...kept.values()], folded: sorted.length - cap }
}

type Counts = Omit<Group, 'labels'>

function labelsOf({ command, node, hook, container, pod }: SeenProcess): Labels {
  return {
    command: command === '' ? 'unknown' : command,
    runtime: node === null ? 'unknown' : node ? 'node' : 'other',
    hook: hook === null ? 'none' : (hook.version ?? 'unknown'),
    container: container?.id ?? '',
    pod: pod ?? '',
  }
}

function countsOf({ sockets }: SeenProcess): Counts {
  const verdicts = { safe: 0, unknown: 0, 'at-risk': 0, dying: 0 }
  let oldestIdleMs: number | null = null
  for (const { verdict, idleMs } of sockets) {
    verdicts[verdict]++
    if (idleMs !== null) oldestIdleMs = Math.max(oldestIdleMs ?? 0, idleMs)
  }
  return { processes: 1, verdicts, oldestIdleMs }
}

function add(groups: Map<string, Group>, labels: Labels, counts: Counts): void {
  const key = JSON.stringify(Object.values(labels))
  const group = groups.get(key)
  if (group === undefined) {
    groups.set(key, { ...counts, labels, verdicts: { ...counts.verdicts } })
    return
  }
  group.processes += counts.processes
  for (const verdict of Object.keys(group.verdicts) as Verdict[]) {
    group.verdicts[verdict] += counts.verdicts[verdict]
  }
  if (counts.oldestIdleMs !== null) {
    group.oldestIdleMs = Math.max(group.oldestIdleMs ?? 0, counts.oldestIdleMs)
  }
}

/** What an alert would be about, before what is only many. */
function weight({ verdicts }: Group): number {
  const { dying, 'at-risk': atRisk, unknown, safe } = verdicts
  return dying * 1e9 + atRisk * 1e6 + unknown * 1e3 + safe
}
