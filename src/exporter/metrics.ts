import { version } from '../process/version'
import { groupProcesses } from './groups'
import type { SeenMachine } from './seen'

type PromClient = typeof import('prom-client')

export interface MetricsOptions {
  /** After which the path forgets an idle connection. */
  readonly limitMs: number
  /** So many groups of labels at the most. */
  readonly cap: number
  /** One look at the machine; may throw. */
  readonly look: () => SeenMachine
}

/** The metrics of one exporter. */
export interface Metrics {
  readonly contentType: string
  /** Looks, and answers the text; where nothing can be seen, the text of what is known all the same. */
  scrape(): Promise<string>
  /** The metrics were to be written to a file, and were or were not. */
  written(well: boolean): void
}

const VERDICTS = ['safe', 'unknown', 'at-risk', 'dying'] as const

/** Registers the metrics in a registry of their own. */
export function createMetrics(client: PromClient, options: MetricsOptions): Metrics {
  const { limitMs, cap, look } = options
  const registry = new client.Registry()
  const registers = [registry]
  const who = ['command', 'runtime', 'hook', 'container', 'pod'] as const
  const gauge = <Name extends string>(name: string, help: string, labelNames: readonly Name[]) =>
    new client.Gauge({ name: `nat_keepalive_${name}`, help, labelNames, registers })
  const counter = (name: string, help: string) =>
    new client.Counter({ name: `nat_keepalive_${name}`, help, registers })

  gauge('exporter_info', 'The exporter; the value is 1.', ['version']).set({ version }, 1)
  gauge('limit_seconds', 'After so long the path is taken to forget an idle connection.', []).set(
    limitMs / 1_000,
  )
  gauge('label_sets_limit', 'So many groups of processes have labels of their own.', []).set(cap)
  const up = gauge('up', 'Whether the last look at the machine saw anything.', [])
  const connections = gauge(
    'connections',
    'Outbound TCP connections by what would become of them if they were idle.',
    ['verdict', ...who],
  )
  const processes = gauge('processes', 'Processes with outbound TCP connections.', who)
  const oldest = gauge(
    'oldest_idle_seconds',
    'Since data last moved on the connection that is idle for longest, where that is known.',
    who,
  )
  const unseen = gauge('unseen_processes', 'Processes that could not be looked into.', ['reason'])
  const blind = gauge(
    'blind',
    'Whether there may be processes that nobody can count here; the value is 1.',
    ['reason'],
  )
  const folded = gauge('label_sets_folded', 'Groups that have the labels "other".', [])
  const lasted = gauge('look_duration_seconds', 'How long the last look took.', [])
  const lookedAt = gauge('last_look_timestamp_seconds', 'When the last look was over.', [])
  const failures = counter('look_failures_total', 'Looks that saw nothing, for an error.')
  const unwritten = counter('textfile_failures_total', 'Files that could not be written.')

  const update = (machine: SeenMachine): void => {
    const { groups, folded: more } = groupProcesses(machine.processes, cap)
    for (const one of [connections, processes, oldest, unseen, blind]) one.reset()
    for (const { labels, verdicts, oldestIdleMs, ...group } of groups) {
      for (const verdict of VERDICTS) connections.set({ ...labels, verdict }, verdicts[verdict])
      processes.set({ ...labels }, group.processes)
      if (oldestIdleMs !== null) oldest.set({ ...labels }, oldestIdleMs / 1_000)
    }
    for (const { reason, count } of machine.unseen) {
      if (count === null) blind.set({ reason }, 1)
      else unseen.set({ reason }, count)
    }
    folded.set(more)
  }

  return {
    contentType: registry.contentType,
    async scrape() {
      const startedAt = performance.now()
      try {
        update(look())
        up.set(1)
        lookedAt.set(Date.now() / 1_000)
      } catch {
        // What was seen before is no word on now.
        for (const one of [connections, processes, oldest, unseen, blind]) one.reset()
        up.set(0)
        failures.inc()
      }
      lasted.set((performance.now() - startedAt) / 1_000)
      return registry.metrics()
    },
    written(well) {
      if (!well) unwritten.inc()
    },
  }
}
