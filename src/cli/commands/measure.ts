import { once } from 'node:events'
import { destinationOf, type Endpoint } from '../../connections/endpoint'
import { createProcFs } from '../../kernel/proc-fs'
import { destinationsOf } from '../../measure/destinations'
import { errorCode } from '../../measure/error-code'
import { CONTROL_MS, firstSteps, MOST_CONNECTIONS, MOST_STEPS } from '../../measure/ladder'
import { measure } from '../../measure/measure'
import { Progress } from '../../measure/progress'
import { renderMeasurement, toReport } from '../../measure/report'
import { serve } from '../../measure/serve'
import { parseTarget, resolveTarget } from '../../measure/target'
import { quoted } from '../../process/printable'
import { parseConfig } from '../../settings/config'
import { formatDuration, parseDuration } from '../../settings/duration'
import { profiles } from '../../settings/profiles'
import { catchInterruption } from '../../terminal/interruption'
import { renderJson } from '../../terminal/render-json'
import { say } from '../../terminal/say'
import { type Terminal, widthOf } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'
import { wrapText } from '../../terminal/wrap-text'

export const summary = 'after which silence a path forgets a connection'

export const help = `Usage: nat-keepalive measure HOST:PORT [--up-to 15m] [--steps LIST] [--json]
       nat-keepalive measure --via PID
       nat-keepalive measure --serve PORT

Opens connections to one address, sends nothing, and lets the kernel probe each
after another silence. Where the probe is answered, the path has remembered the
connection for that long. Any TCP server will do that leaves a silent connection
open. Opens at most ${MOST_CONNECTIONS} connections in all.

  --up-to TIME  the longest silence, 16m without it; the measurement takes up to
                twice as long, and Ctrl-C ends it with what is known by then
  --steps LIST  the silences of the first pass, such as 30s,60s,5m
  --via PID     the destinations of a running process, of which one is measured;
                where it has several, they are listed to choose from
  --serve PORT  be the far end: accept, wait, and never speak or close
  --json        the result as data
  --help        this text

Example, for the path to a database:
  nat-keepalive measure db.example:5432 --up-to 6m

Exit codes: 0 the delay in force suits the path, 1 it does not, or the path
swallows probes; 2 wrong usage, 3 it could not be measured; 130 after a Ctrl-C.
`

export const options = {
  'up-to': { type: 'string' },
  steps: { type: 'string' },
  via: { type: 'string' },
  serve: { type: 'string' },
  json: { type: 'boolean' },
} as const

export const operands = 'any' as const

interface Values {
  readonly 'up-to'?: string
  readonly steps?: string
  readonly via?: string
  readonly serve?: string
  readonly json?: boolean
}

interface Invocation {
  readonly env: NodeJS.ProcessEnv
  readonly operands: readonly string[]
}

const DEFAULT_UP_TO_MS = 16 * 60_000
const LONGEST_MS = 24 * 3_600_000

export async function run(
  values: Values,
  terminal: Terminal,
  { env, operands: given }: Invocation,
): Promise<number> {
  const [name, more] = given
  if (more !== undefined) throw new UsageError(`The argument ${quoted(more)} is one too many.`)
  if (values.serve !== undefined) return serveUntilStopped(values.serve, terminal)
  const chosen = name === undefined ? undefined : endpointOf(name)
  const endpoint = values.via === undefined ? chosen : choose(values.via, chosen, terminal)
  if (endpoint === null) return 2
  if (endpoint === undefined) throw new UsageError('HOST:PORT is missing: where to measure to.')
  const steps = stepsOf(values)
  const { delayMs } = parseConfig(env).config
  const interruption = catchInterruption()
  const progress = new Progress(terminal.stderr)
  try {
    const targets = await resolveTarget(endpoint)
    terminal.stderr.write(`${wrapText(announcement(endpoint, steps))}\n`)
    const startedAt = new Date()
    const before = performance.now()
    const found = await measure(targets, steps, createProcFs(), interruption.signal, (news) =>
      progress.tell(news),
    )
    progress.end()
    const report = toReport(found, profiles, {
      delayMs,
      startedAt,
      tookMs: performance.now() - before,
    })
    const { stdout, paint } = terminal
    stdout.write(
      values.json
        ? renderJson(report)
        : renderMeasurement(report, { paint, width: widthOf(stdout) }),
    )
    return interruption.code ?? exitCode(report.conclusion, delayMs)
  } catch (error) {
    progress.end()
    if (interruption.code !== null) return interruption.code
    say(terminal.stderr, `It could not be measured: ${(error as Error).message}`)
    return 3
  } finally {
    interruption.release()
  }
}

function endpointOf(text: string): Endpoint {
  const endpoint = parseTarget(text)
  if (endpoint !== null) return endpoint
  throw new UsageError(`The target ${quoted(text)} is not HOST:PORT, such as db.example:5432.`)
}

function stepsOf(values: Values): number[] {
  const upTo = values['up-to']
  if (values.steps !== undefined) {
    if (upTo !== undefined) throw new UsageError('Give --up-to or --steps, not both.')
    const steps = values.steps.split(',').map((text) => silenceOf('--steps', text.trim()))
    if (steps.length <= MOST_STEPS) return [...new Set(steps)].sort((a, b) => a - b)
    throw new UsageError(`The option --steps has ${steps.length} steps, of ${MOST_STEPS} at most.`)
  }
  const upToMs = upTo === undefined ? DEFAULT_UP_TO_MS : silenceOf('--up-to', upTo)
  return firstSteps(
    upToMs,
    profiles.filter(({ layer }) => layer === 4).map(({ limitSeconds }) => limitSeconds * 1_000),
  )
}

function silenceOf(option: string, text: string): number {
  const ms = parseDuration(text)
  if (ms !== null && ms > CONTROL_MS && ms <= LONGEST_MS) return ms
  throw new UsageError(
    `The option ${option} has ${quoted(text)}, and has to be a time with a unit, more than ${formatDuration(CONTROL_MS)} and at most ${formatDuration(LONGEST_MS)}, such as 15m.`,
  )
}

function announcement(endpoint: Endpoint, steps: readonly number[]): string {
  const longest = formatDuration(Math.max(...steps))
  return (
    `Measuring the path to ${destinationOf(endpoint)}: ${steps.length + 1} connections to one address now, at most ` +
    `${MOST_CONNECTIONS} in all, on which nothing is sent but keepalive probes of the kernel. It takes ${longest}, ` +
    'and as long again where a limit is found; Ctrl-C ends it with what is known by then.'
  )
}

function exitCode(conclusion: ReturnType<typeof toReport>['conclusion'], delayMs: number): number {
  switch (conclusion.kind) {
    case 'limit':
    case 'mixed':
      return delayMs < (conclusion.atLeastMs ?? 0) ? 0 : 1
    case 'swallowed':
      return 1
    case 'unknown':
      return 3
    default:
      return 0
  }
}

/** What of the destinations of a process is to be measured; null where that was not said. */
function choose(
  text: string,
  chosen: Endpoint | undefined,
  { stdout, stderr }: Terminal,
): Endpoint | null {
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    throw new UsageError(`The process ${quoted(text)} is not a number.`)
  }
  const found = destinationsOf(createProcFs(), Number(text))
  if (!found.known) {
    throw new UsageError(`The connections of process ${text} cannot be read: ${found.why}.`)
  }
  const [first, ...others] = found.value
  if (first === undefined) throw new UsageError(`Process ${text} has no outbound connection.`)
  if (chosen !== undefined) {
    if (found.value.some(({ host, port }) => host === chosen.host && port === chosen.port)) {
      return chosen
    }
    throw new UsageError(`Process ${text} has no connection to ${destinationOf(chosen)}.`)
  }
  if (others.length === 0) return first
  for (const one of found.value) stdout.write(`${destinationOf(one)}  ${one.connections}\n`)
  say(stderr, `Process ${text} has ${found.value.length} destinations: name one of them too.`)
  return null
}

async function serveUntilStopped(text: string, { stderr }: Terminal): Promise<number> {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new UsageError(`The port ${quoted(text)} is not a number up to 65535.`)
  }
  const interruption = catchInterruption()
  try {
    const server = await serve(port, (line) => say(stderr, line))
    const address = server.address()
    const on = typeof address === 'object' && address !== null ? address.port : port
    say(stderr, `Waiting on port ${on} for a measurement. Nothing is ever sent; Ctrl-C ends it.`)
    if (!interruption.signal.aborted) await once(interruption.signal, 'abort')
    return interruption.code ?? 0
  } catch (error) {
    say(stderr, `Port ${port} cannot be listened on (${errorCode(error)}).`)
    return 3
  } finally {
    interruption.release()
  }
}
