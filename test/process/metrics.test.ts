import { join } from 'node:path'
import t from 'tap'
import { root, runNode } from '../run-node'

// The metrics of a process, by the real SDKs.

const index = JSON.stringify(root)
const entry = (name: string) => JSON.stringify(join(root, `dist/metrics/${name}.js`))
const own = (name: string) => JSON.stringify(require.resolve(name, { paths: [root] }))

/** One protected connection, one that is left alone, one that the program tried to undo. */
const connections = `
  const net = require('node:net')
  const { exempt, install } = require(${index})
  const open = (port) => new Promise((done) => {
    const socket = net.connect(port, () => done(socket))
  })
  const opened = async () => {
    const server = net.createServer((socket) => socket.on('error', () => {})).listen(0)
    await new Promise((done) => server.once('listening', done))
    const { port } = server.address()
    const [, left, undone] = [await open(port), await open(port), await open(port)]
    exempt(left)
    undone.setKeepAlive(false)
    await new Promise((done) => setTimeout(done, 300))
  }`
const env = { NAT_KEEPALIVE_IDLE_WARN: '200ms', NAT_KEEPALIVE_AUDIT: '1h' }

t.test('prom-client', async (t) => {
  const script = `${connections}
    const client = require(${own('prom-client')})
    const { registerMetrics } = require(${entry('prom-client')})
    const forget = registerMetrics()
    ;(async () => {
      console.log('--', await client.register.metrics())
      const uninstall = install()
      await opened()
      console.log('--', await client.register.metrics())
      uninstall()
      console.log('--', await client.register.metrics())
      forget()
      const other = new client.Registry()
      registerMetrics(other)
      console.log('--', await client.register.metrics(), Object.keys(await other.getMetricsAsJSON()).length)
      process.exit()
    })()`
  const { stdout, stderr } = await runNode(['-e', script], { env })
  t.equal(stderr, '')
  const values = (text = '') => text.match(/^\w+(\{.*\})? [\d.]+$/gm) ?? []
  const [before, during, after, forgotten = ''] = stdout.split('-- ').slice(1)
  t.strictSame([values(before), values(after)], [[], []], 'without a hook no zero either')
  const name = 'nat_keepalive_process'
  t.strictSame(values(during), [
    `${name}_opened_connections_total 3`,
    `${name}_open_connections{protected="true"} 2`,
    `${name}_open_connections{protected="false"} 1`,
    `${name}_idle_connections 3`,
    `${name}_overridden_calls_total 1`,
    `${name}_dying_warnings_total 0`,
    `${name}_lost_connections_total{code="NKA301"} 0`,
    `${name}_lost_connections_total{code="NKA302"} 0`,
    `${name}_lost_connections_total{code="NKA303"} 0`,
  ])
  t.match(forgotten, /^\s*6\n$/)
})

const exported = `
  const { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader, AggregationTemporality } =
    require(${own('@opentelemetry/sdk-metrics')})
  const { metrics } = require(${own('@opentelemetry/api')})
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6 })
  const provider = new MeterProvider({ readers: [reader] })
  const collect = async () => {
    exporter.reset()
    await reader.forceFlush()
    const seen = {}
    for (const { scopeMetrics } of exporter.getMetrics())
      for (const { scope, metrics } of scopeMetrics)
        for (const { descriptor, dataPoints } of metrics)
          for (const { value, attributes } of dataPoints)
            seen[[scope.name, descriptor.name, descriptor.unit, ...Object.entries(attributes).flat()].join(' ')] = value
    return seen
  }`

const expected = {
  'nat-keepalive network.connection.opened {connection} network.transport tcp': 3,
  'nat-keepalive network.connection.lost {connection} network.transport tcp error.type NKA301': 0,
  'nat-keepalive network.connection.lost {connection} network.transport tcp error.type NKA302': 0,
  'nat-keepalive network.connection.lost {connection} network.transport tcp error.type NKA303': 0,
  'nat-keepalive nat_keepalive.call.overridden {call}': 1,
  'nat-keepalive nat_keepalive.connection.dying {connection} network.transport tcp': 0,
  'nat-keepalive network.connection.count {connection} network.transport tcp nat_keepalive.protected true': 2,
  'nat-keepalive network.connection.count {connection} network.transport tcp nat_keepalive.protected false': 1,
  'nat-keepalive network.connection.idle.count {connection} network.transport tcp': 3,
}

t.test('OpenTelemetry', async (t) => {
  const script = `${connections}${exported}
    const { registerMetrics } = require(${entry('opentelemetry')})
    ;(async () => {
      const forget = registerMetrics(provider)
      const before = await collect()
      install()
      await opened()
      const during = await collect()
      forget()
      await opened()
      // The SDK keeps what it was told last.
      console.log(JSON.stringify({ before, during, after: await collect() }))
      process.exit()
    })()`
  const { stdout, stderr } = await runNode(['-e', script], { env })
  t.equal(stderr, '')
  const { before, during, after } = JSON.parse(stdout)
  t.strictSame({ before, during, after }, { before: {}, during: expected, after: expected })
})

t.test('NAT_KEEPALIVE_METRICS=otel registers by itself, once there is an SDK', async (t) => {
  const script = `${connections}${exported}
    ;(async () => {
      await opened()
      await new Promise((done) => setTimeout(done, 700))
      // After the first look for it, which found nothing.
      metrics.setGlobalMeterProvider(provider)
      const before = await collect()
      for (let tries = 0; tries < 100; tries++) {
        const seen = await collect()
        if (Object.keys(seen).length > 0 || tries === 99) {
          console.log(JSON.stringify({ before, seen }))
          process.exit()
        }
        await new Promise((done) => setTimeout(done, 100))
      }
    })()`
  const register = ['-r', join(root, 'register.js'), '-e', script]
  const settings = { NAT_KEEPALIVE_AUDIT: '500ms', NAT_KEEPALIVE_IDLE_WARN: '200ms' }
  const on = await runNode(register, { env: { ...settings, NAT_KEEPALIVE_METRICS: 'otel' } })
  t.strictSame(JSON.parse(on.stdout), { before: {}, seen: expected })
  t.equal(on.stderr, '')
  const off = await runNode(register, { env: settings })
  t.strictSame(JSON.parse(off.stdout), { before: {}, seen: {} }, 'and only where that is asked for')
})
