import { Counter, Gauge, type Registry, register as usual } from 'prom-client'
import { type Counters, counters } from '../index'

/**
 * Registers the metrics of this process, in prom-client's own registry unless another is given. While
 * the hook is not installed they have no values. Returns what takes them back.
 */
export function registerMetrics(registry: Registry = usual): () => void {
  const names: string[] = []
  /** What prom-client calls before each scrape. Without a hook there is no value, not even a zero. */
  const collect =
    <Metric extends { reset(): void; remove(): void }>(
      show: (metric: Metric, counted: Counters) => void,
      labelled: boolean,
    ) =>
    (metric: Metric): void => {
      metric.reset()
      const counted = counters()
      if (counted !== null) show(metric, counted)
      // A reset leaves a zero where there are no labels.
      else if (!labelled) metric.remove()
    }
  const named = <Name extends string>(
    suffix: string,
    help: string,
    labelNames: readonly Name[],
  ) => {
    const name = `nat_keepalive_process_${suffix}`
    names.push(name)
    return { name, help, labelNames, registers: [registry] }
  }
  const counter = <Name extends string>(
    suffix: string,
    help: string,
    show: (metric: Counter<Name>, counted: Counters) => void,
    labelNames: readonly Name[] = [],
  ): void => {
    const update = collect<Counter<Name>>(show, labelNames.length > 0)
    new Counter<Name>({
      ...named(suffix, help, labelNames),
      collect() {
        update(this)
      },
    })
  }
  const gauge = <Name extends string>(
    suffix: string,
    help: string,
    show: (metric: Gauge<Name>, counted: Counters) => void,
    labelNames: readonly Name[] = [],
  ): void => {
    const update = collect<Gauge<Name>>(show, labelNames.length > 0)
    new Gauge<Name>({
      ...named(suffix, help, labelNames),
      collect() {
        update(this)
      },
    })
  }
  counter(
    'opened_connections_total',
    'Outbound TCP connections that were opened.',
    (metric, { opened }) => metric.inc(opened),
  )
  gauge(
    'open_connections',
    'Outbound TCP connections that are open, by whether the hook protects them.',
    (metric, counted) => {
      metric.set({ protected: 'true' }, counted.protected)
      metric.set({ protected: 'false' }, counted.open - counted.protected)
    },
    ['protected'],
  )
  gauge('idle_connections', 'Those on which nothing has moved for long.', (metric, { idle }) =>
    metric.set(idle),
  )
  counter(
    'overridden_calls_total',
    'Calls that would have undone the keepalive of a connection.',
    (metric, { overridden }) => metric.inc(overridden),
  )
  counter('dying_warnings_total', 'Warnings of connections that die.', (metric, { dying }) =>
    metric.inc(dying),
  )
  counter(
    'lost_connections_total',
    'Idle connections that were lost, by the code that explains it.',
    (metric, { lost }) => {
      for (const [code, value] of Object.entries(lost)) metric.inc({ code }, value)
    },
    ['code'],
  )
  return () => {
    for (const name of names) registry.removeSingleMetric(name)
  }
}
