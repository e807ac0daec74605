import { type MeterProvider as ApiMeterProvider, metrics } from '@opentelemetry/api'
import { type MeterProvider, observe } from '../hook/otel-metrics'
import { counters } from '../index'

/**
 * Registers the metrics of this process with OpenTelemetry, by default with the provider that is the
 * global one when this is called. Returns what takes them back.
 */
export function registerMetrics(
  provider: ApiMeterProvider = metrics.getMeterProvider(),
): () => void {
  return observe(provider as MeterProvider, counters)
}
