import t from 'tap'
import { isInstrumentation, packageOf } from '../../../src/connections/opener-package'

t.test('the innermost node_modules folder names the package', (t) => {
  const table: readonly [string, string | null][] = [
    ['/app/server.js', null],
    ['/app/node_modules/pg/lib/a.js', 'pg'],
    ['/a/node_modules/b/node_modules/c/i.js', 'c'],
    ['/a/node_modules/@aws-sdk/client-s3/i.js', '@aws-sdk/client-s3'],
    ['/a/node_modules/@b/c/node_modules/@d/e/i.js', '@d/e'],
    ['/a/node_modules/.pnpm/pg@8.11.3/node_modules/pg/lib/i.js', 'pg'],
    ['/a/.yarn/cache/pg-npm-8.11.3-0c6d.zip/node_modules/pg/lib/i.js', 'pg'],
    ['C:\\app\\node_modules\\pg\\i.js', 'pg'],
    ['C:\\a\\node_modules\\@b\\c\\i.js', '@b/c'],
    ['webpack-internal:///./node_modules/pg/lib/i.js', 'pg'],
    ['/app/my_node_modules/pg/i.js', null],
    ['/app/node_modules_of_mine/pg/i.js', null],
    ['node_modules/pg/i.js', null],
    ['/node_modules', null],
    ['/app/node_modules/', null],
    ['/app/node_modules//x.js', null],
    ['/a/node_modules/b/node_modules/', 'b'],
    ['/a/node_modules/b/node_modules', 'b'],
    ['/a/node_modules/pg', 'pg'],
    ['/a/node_modules/@b', '@b'],
    ['/a/node_modules/@b/', '@b'],
    ['/a/node_modules/@b/c', '@b/c'],
    ['/a/node_modules/@/c', '@'],
    [`/a/node_modules/${'x'.repeat(500)}/i.js`, 'x'.repeat(100)],
    [`/a/node_modules/@${'x'.repeat(500)}/y/i.js`, `@${'x'.repeat(99)}/y`],
  ]
  for (const [path, expected] of table) t.equal(packageOf(path), expected, path.slice(0, 80))
  t.end()
})

t.test('what watches programs is told from what opens connections', (t) => {
  const watching =
    'dd-trace dc-polyfill shimmer newrelic elastic-apm-node zone.js require-in-the-middle ' +
    'import-in-the-middle applicationinsights signalfx-tracing @opentelemetry/api ' +
    '@opentelemetry/instrumentation-http @opentelemetry/context-async-hooks @sentry/node ' +
    '@sentry/opentelemetry @instana/core @dynatrace/oneagent @splunk/otel @datadog/native-metrics ' +
    '@honeycombio/opentelemetry-node @newrelic/native-metrics'
  for (const name of watching.split(' ')) t.ok(isInstrumentation(name), name)
  const others =
    'express @elastic/transport @google-cloud/pubsub @azure/service-bus @splunkish/x opentelemetry ' +
    'dd-trace-extra @opentelemetry @opentelemetry/exporter-trace-otlp-http ' +
    '@opentelemetry/otlp-exporter-base'
  for (const name of others.split(' ')) t.notOk(isInstrumentation(name), name)
  t.end()
})
