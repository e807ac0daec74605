const FOLDER = 'node_modules'

/** Longer than all names that npm takes are worth reading. */
const MAX_NAME = 100

/**
 * The package that a file belongs to, by its innermost node_modules folder; null: none. Takes time
 * in proportion to the length of the path, which a program can make as long as it likes. Pure.
 */
export function packageOf(path: string): string | null {
  // A folder of that name at the very start has no separator before it, so it is not looked at.
  for (let at = path.lastIndexOf(FOLDER); at > 0; at = path.lastIndexOf(FOLDER, at - 1)) {
    if (!isSeparator(path, at - 1) || !isSeparator(path, at + FOLDER.length)) continue
    const name = nameAt(path, at + FOLDER.length + 1)
    if (name !== '') return name
  }
  return null
}

function isSeparator(path: string, index: number): boolean {
  return path[index] === '/' || path[index] === '\\'
}

function nameAt(path: string, start: number): string {
  const end = segmentEnd(path, start)
  if (path[start] !== '@' || end - start < 2 || end === path.length) return cut(path, start, end)
  const last = segmentEnd(path, end + 1)
  if (last === end + 1) return cut(path, start, end)
  return `${cut(path, start, end)}/${cut(path, end + 1, last)}`
}

function segmentEnd(path: string, start: number): number {
  let end = start
  while (end < path.length && !isSeparator(path, end)) end++
  return end
}

function cut(path: string, start: number, end: number): string {
  return path.slice(start, Math.min(end, start + MAX_NAME))
}

/** Packages that put themselves between a program and its clients, to watch them. */
const INSTRUMENTATION = new Set([
  'appdynamics',
  'applicationinsights',
  'async-listener',
  'aws-xray-sdk',
  'aws-xray-sdk-core',
  'cls-hooked',
  'continuation-local-storage',
  'dc-polyfill',
  'dd-trace',
  'diagnostic-channel',
  'diagnostic-channel-publishers',
  'elastic-apm-node',
  'emitter-listener',
  'import-in-the-middle',
  'newrelic',
  'require-in-the-middle',
  'shimmer',
  'signalfx-tracing',
  'skywalking-backend-js',
  'zone.js',
])

/** Those who publish nothing else under their scope. */
const INSTRUMENTATION_SCOPES = new Set([
  '@appsignal',
  '@aspecto',
  '@contrast',
  '@datadog',
  '@dynatrace',
  '@honeycombio',
  '@instana',
  '@newrelic',
  '@opentelemetry',
  '@sentry',
  '@sentry-internal',
  '@splunk',
])

/** These open connections of their own, to deliver what the others saw. */
const EXPORTERS = ['@opentelemetry/exporter-', '@opentelemetry/otlp-']

/** Whether a package calls on behalf of whoever called it. Pure. */
export function isInstrumentation(name: string): boolean {
  if (EXPORTERS.some((prefix) => name.startsWith(prefix))) return false
  return INSTRUMENTATION.has(name) || INSTRUMENTATION_SCOPES.has(name.slice(0, name.indexOf('/')))
}
