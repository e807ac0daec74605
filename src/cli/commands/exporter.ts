import { isIP } from 'node:net'
import { createLook } from '../../exporter/look'
import { createMetrics, type Metrics } from '../../exporter/metrics'
import { type Listening, serve } from '../../exporter/server'
import { writeAtomically } from '../../exporter/write-atomically'
import { quoted } from '../../process/printable'
import { parseConfig } from '../../settings/config'
import { parseDuration } from '../../settings/duration'
import { say } from '../../terminal/say'
import type { Terminal } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'

export const summary = 'Prometheus metrics of every process of this machine'

export const help = `Usage: nat-keepalive exporter [--listen ADDRESS:PORT] [--textfile FILE]

Audits every process that this user may look into, in any language, and hands
out the result as metrics of Prometheus at /metrics; /healthz says that it runs.
What could not be seen is a metric too. Contacts nobody, and changes nothing.
Needs the package prom-client beside it.

  --listen ADDRESS:PORT  where to listen (127.0.0.1:9464); only this machine can
                         reach it unless ADDRESS is another, such as 0.0.0.0
  --textfile FILE        write the metrics to FILE for node_exporter, and listen
                         only where --listen says so
  --every 30s            how often to write the file
  --label-sets 1000      so many groups of processes get labels of their own
  --help                 this text

Example, for a path that forgets after a minute:
  NAT_KEEPALIVE_LIMIT=60s nat-keepalive exporter --listen 0.0.0.0:9464

Exit codes: 0 ended by a signal, 2 wrong usage, 3 it cannot listen here, or
prom-client is missing.
`

export const options = {
  listen: { type: 'string' },
  textfile: { type: 'string' },
  every: { type: 'string' },
  'label-sets': { type: 'string' },
} as const

interface Values {
  readonly listen?: string
  readonly textfile?: string
  readonly every?: string
  readonly 'label-sets'?: string
}

export async function run(
  values: Values,
  { stderr }: Terminal,
  { env }: { readonly env: NodeJS.ProcessEnv },
): Promise<number> {
  const { textfile, listen = textfile === undefined ? '127.0.0.1:9464' : undefined } = values
  const address = listen === undefined ? null : addressOf(listen)
  const everyMs = intervalOf(values.every ?? '30s')
  const cap = capOf(values['label-sets'] ?? '1000')
  const settings = parseConfig(env)
  const [problem] = settings.problems
  if (problem !== undefined) throw new UsageError(problem.message)
  const { limitMs } = settings.config
  const client = loadClient()
  if (client === null) {
    say(stderr, 'The exporter needs the package prom-client: run `npm install prom-client`.')
    return 3
  }
  const metrics = createMetrics(client, { limitMs, cap, look: createLook(limitMs) })
  const stopped = untilStopped()
  let listening: Listening | null = null
  if (address !== null) {
    try {
      listening = await serve(metrics, address.host, address.port)
    } catch (error) {
      say(stderr, `It cannot listen at ${listen}: ${(error as Error).message}.`)
      return 3
    }
    say(stderr, `The metrics are at ${listening.origin}/metrics.`)
  }
  const writing = textfile === undefined ? null : writeAgain(metrics, textfile, everyMs, stderr)
  await stopped
  writing?.stop()
  await listening?.close()
  return 0
}

/** Only the command line needs it, so it is no dependency of the package. */
function loadClient(): typeof import('prom-client') | null {
  try {
    return require('prom-client')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

/** Writes the file now and again; a failure is said once until it is over. */
function writeAgain(metrics: Metrics, file: string, everyMs: number, stderr: Terminal['stderr']) {
  let failing = false
  const write = async (): Promise<void> => {
    try {
      writeAtomically(file, await metrics.scrape())
      metrics.written(true)
      failing = false
    } catch (error) {
      metrics.written(false)
      if (!failing) say(stderr, `${file} was not written: ${(error as Error).message}.`)
      failing = true
    }
  }
  write()
  const timer = setInterval(write, everyMs)
  return { stop: () => clearInterval(timer) }
}

function untilStopped(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.once(signal, () => done())
  })
}

function addressOf(text: string): { host: string; port: number } {
  const [, bracketed, plain = '', port = ''] =
    /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const known =
    bracketed === undefined ? host === 'localhost' || isIP(host) === 4 : isIP(host) === 6
  if (known && Number(port) <= 65_535) return { host, port: Number(port) }
  throw new UsageError(
    `The option --listen is ${quoted(text)}, and has to be ADDRESS:PORT, such as 0.0.0.0:9464 or [::]:9464.`,
  )
}

function intervalOf(text: string): number {
  const ms = parseDuration(text)
  if (ms !== null && ms >= 1_000) return ms
  throw new UsageError(
    `The option --every is ${quoted(text)}, and has to be a duration of a second or more, such as 30s.`,
  )
}

function capOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new UsageError(
    `The option --label-sets is ${quoted(text)}, and has to be a whole number from 1 to 999999.`,
  )
}
