import { guarded } from '../process/guarded'
import type { Later } from '../process/later'
import { version } from '../process/version'
import { type Counters, countersOf } from './counters'
import type { Hook } from './hook'

/** What is used of the API of OpenTelemetry, whose package is not needed for it. */
export interface Meter {
  createObservableCounter(name: string, options: InstrumentOptions): unknown
  createObservableUpDownCounter(name: string, options: InstrumentOptions): unknown
  addBatchObservableCallback(callback: BatchCallback, instruments: never[]): void
  removeBatchObservableCallback(callback: BatchCallback, instruments: never[]): void
}

export interface MeterProvider {
  getMeter(name: string, version?: string): Meter
}

interface InstrumentOptions {
  readonly description: string
  readonly unit: string
}

type BatchCallback = (result: {
  observe(instrument: never, value: number, attributes?: Record<string, string | boolean>): void
}) => void

/** As the conventions have it: the unit is in curly brackets where things are counted. */
const connection = '{connection}'
const tcp = { 'network.transport': 'tcp' }

/**
 * Registers the instruments, and returns what takes them back. They observe what `count` says, and
 * nothing where that is null. Names and attributes follow the semantic conventions for connections
 * (`db.client.connection.count` and its like), under `network.connection`.
 */
export function observe(provider: MeterProvider, count: () => Counters | null): () => void {
  const meter = provider.getMeter('nat-keepalive', version)
  const counter = (name: string, description: string, unit = connection) =>
    meter.createObservableCounter(name, { description, unit }) as never
  const opened = counter('network.connection.opened', 'Outbound TCP connections that were opened.')
  const lost = counter(
    'network.connection.lost',
    'Idle connections that were lost, by the code that explains it (error.type).',
  )
  const overridden = counter(
    'nat_keepalive.call.overridden',
    'Calls that would have undone the keepalive of a connection.',
    '{call}',
  )
  const dying = counter('nat_keepalive.connection.dying', 'Warnings of connections that die.')
  const open = meter.createObservableUpDownCounter('network.connection.count', {
    description: 'Outbound TCP connections that are open, by whether the hook protects them.',
    unit: connection,
  }) as never
  const idle = meter.createObservableUpDownCounter('network.connection.idle.count', {
    description: 'Those on which nothing has moved for long.',
    unit: connection,
  }) as never
  const instruments = [opened, lost, overridden, dying, open, idle]
  const callback: BatchCallback = (result) => {
    const counted = count()
    if (counted === null) return
    result.observe(opened, counted.opened, tcp)
    for (const [code, value] of Object.entries(counted.lost)) {
      result.observe(lost, value, { ...tcp, 'error.type': code })
    }
    result.observe(overridden, counted.overridden)
    result.observe(dying, counted.dying, tcp)
    const bare = counted.open - counted.protected
    result.observe(open, counted.protected, { ...tcp, 'nat_keepalive.protected': true })
    result.observe(open, bare, { ...tcp, 'nat_keepalive.protected': false })
    result.observe(idle, counted.idle, tcp)
  }
  meter.addBatchObservableCallback(callback, instruments)
  return () => meter.removeBatchObservableCallback(callback, instruments)
}

/** Where version 1 of the API keeps what was registered (@opentelemetry/api, internal/global-utils). */
const GLOBAL = Symbol.for('opentelemetry.js.api.1')

/** The provider that an SDK has registered in this process; null without one. */
export function globalProvider(): MeterProvider | null {
  const api = (globalThis as Record<symbol, { metrics?: MeterProvider } | undefined>)[GLOBAL]
  return api?.metrics ?? null
}

/** How often an SDK is looked for that has not registered yet, being loaded after us. */
const AGAIN_MS = 5_000

/** Registers the instruments as soon as there is a provider. Returns what takes all of it back. */
export function observeWhenThere(hook: Hook, later: Later): () => void {
  const count = guarded('metrics', () => countersOf(hook))
  let undo = (): void => {}
  const look = guarded('OpenTelemetry', () => {
    const provider = globalProvider()
    undo = provider === null ? later(look, AGAIN_MS) : observe(provider, () => count() ?? null)
  })
  look()
  return () => undo()
}
