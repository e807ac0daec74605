import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ensurePackages } from '../packages'
import { register } from '../run-node'
import { assertBare, assertProtected, assertSame, type Observed, observed } from './compare'
import { createNetwork, type Look } from './network'

const program = (name: string) => join(__dirname, 'programs', name)
const network = createNetwork(t)
const packages = ensurePackages(__dirname)

interface Preload {
  readonly name: string
  /** The file, in node_modules. */
  readonly file: string
  /** Settings that leave it nobody to talk to but the port of the test. */
  env(port: number): Record<string, string>
  /** What shows that it is at work. */
  readonly sign?: (look: Look) => boolean
}

const preloads: readonly Preload[] = [
  {
    name: 'dd-trace',
    file: 'dd-trace/init.js',
    env: (port) => ({
      DD_TRACE_AGENT_URL: `http://127.0.0.1:${port}`,
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
      DD_CRASHTRACKING_ENABLED: 'false',
      DD_TRACE_STARTUP_LOGS: 'false',
    }),
    sign: ({ path }) => /^\/v\d\.\d\/traces$/.test(path),
  },
  {
    name: 'OpenTelemetry',
    file: '@opentelemetry/auto-instrumentations-node/build/src/register.js',
    env: (port) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_NODE_RESOURCE_DETECTORS: 'none',
    }),
    sign: ({ path }) => path === '/v1/traces',
  },
  {
    name: 'global-agent',
    file: 'global-agent/bootstrap.js',
    env: (port) => ({ GLOBAL_AGENT_HTTP_PROXY: `http://127.0.0.1:${port}` }),
    sign: ({ proxied }) => proxied,
  },
  { name: 'source-map-support', file: 'source-map-support/register.js', env: () => ({}) },
  {
    name: 'New Relic',
    file: 'newrelic/index.js',
    env: (port) => ({
      NEW_RELIC_APP_NAME: 'test',
      NEW_RELIC_LICENSE_KEY: '0'.repeat(40),
      NEW_RELIC_HOST: '127.0.0.1',
      NEW_RELIC_PORT: String(port),
      NEW_RELIC_LOG_ENABLED: 'false',
      NEW_RELIC_TELEMETRY_ENABLED: 'false',
    }),
  },
]

/** The program's own; what else goes over the wire is the preload's. */
const ofProgram = ({ run, looks }: Observed): Observed => ({
  run,
  looks: looks.filter(({ path }) => path.startsWith('/main/')),
})

async function runWith(name: string, preload: Preload, before: string[], after: string[]) {
  const other = join(await packages, preload.file)
  return observed(await network, (port) => ({
    argv: [process.execPath, ...before, '-r', other, ...after, program(name), String(port)],
    env: preload.env(port),
  }))
}

async function assertTogether(t: Test, name: string, preload: Preload): Promise<Observed> {
  const ours = ['-r', register]
  const [alone, first, last] = await Promise.all([
    runWith(name, preload, [], []),
    runWith(name, preload, ours, []),
    runWith(name, preload, [], ours),
  ])
  assertBare(t, ofProgram(alone), 'alone')
  assertSame(t, ofProgram(alone), ofProgram(first), 'ours first')
  assertSame(t, ofProgram(alone), ofProgram(last), 'ours last')
  assertProtected(t, first, 'ours first')
  assertProtected(t, last, 'ours last')
  return alone
}

for (const preload of preloads) {
  t.test(`${preload.name} and the hook, in both orders`, async (t) => {
    const alone = await assertTogether(t, 'client.cjs', preload)
    t.equal(alone.run.code, 0)
    t.equal(ofProgram(alone).looks.length, 4)
    if (preload.sign) t.ok(alone.looks.some(preload.sign), 'and it is at work')
  })

  t.test(`${preload.name}: a program that fails, in both orders`, async (t) => {
    const alone = await assertTogether(t, 'failing.cjs', preload)
    t.match(alone.run, { code: 1, stderr: /Error: after its answer/ })
  })
}
