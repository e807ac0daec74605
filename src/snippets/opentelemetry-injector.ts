import { comment, coverage } from './comment'
import type { Snippet } from './snippet'
import { hookFolder, type Values } from './values'

/** The file of the OpenTelemetry injector, which brings one file into every Node program. */
export function renderOpenTelemetryInjector(values: Values): Snippet {
  const { values: numbers, hook, not } = coverage(values)
  const settings = values.environment.filter(([name]) => name !== 'NODE_OPTIONS')
  const notes = [
    '/etc/opentelemetry/otelinject.conf, or the file that OTEL_INJECTOR_CONFIG_FILE names',
    numbers,
    `${hook.replace(/, in every.*/, '')}, in every Node program that libotelinject.so is preloaded into. It has to be at ${hookFolder}.`,
    'The injector knows one file for Node. To have the instrumentation of OpenTelemetry as well, name a file of your own here, whose lines require the one and then the other.',
    'It hands on no variables but those of OpenTelemetry, so the settings of the hook have to be in the environment of the program, or in a file of your own before the require.',
    'The sysctls are not set here: `nat-keepalive snippet sysctl` prints them.',
    not,
  ]
  const asked = settings.map(([name, value]) => `# ${name}=${value}\n`).join('')
  const line = `nodejs_auto_instrumentation_agent_path=${hookFolder}/register.js\n`
  const head = asked === '' ? '' : `# In the environment of the programs:\n${asked}`
  return { text: `${comment(notes)}${head}${line}`, talk: '' }
}
