import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { type BehindOptions, type Ending, runBehind } from '../../lab/behind'
import { killGroup } from '../../lab/inside'
import { LabUnavailable } from '../../lab/lab-unavailable'
import { planOf, type Span } from '../../lab/plan'
import type { HookUse } from '../../lab/surroundings'
import { resultOf, sentenceOf } from '../../lab/verdict-line'
import { quoted } from '../../process/printable'
import { parseDuration } from '../../settings/duration'
import { renderJson } from '../../terminal/render-json'
import { say } from '../../terminal/say'
import type { Terminal } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'

export const summary = 'run a command behind a NAT that forgets'

export const help = `Usage: nat-keepalive lab [OPTION]... -- COMMAND [ARGUMENT]...

Runs COMMAND as the client behind a real NAT that forgets idle connections, on
this machine, and says at the end which connections died. Needs ip and nft, and
root or user namespaces. Contacts nobody, and leaves nothing behind.

  --like PROFILE       a NAT with the limit and the manners of this middlebox
  --limit 5s           idle time after which the NAT forgets a connection
  --scale N            all times of this command line are divided by N
  --expiry reset|drop  what the next packet meets then: a reset, or nothing
  --probes eat[:N]     keepalive probes are lost, but the first N
  --outage AT:FOR      lose all packets for a time, such as 3s:10s (repeatable)
  --freeze AT:FOR      stop COMMAND and its children for a time (repeatable)
  --flush AT           make the NAT forget all connections (repeatable)
  --serve 'COMMAND'    a shell command to start as the server first
                       (repeatable); waits up to 5 s until it listens
  --compare            run COMMAND without the hook, and then with it
  --report FILE        write the result as JSON
  --help               this text

Times count from the start of COMMAND, which finds in its environment
LAB_SERVER (the server's address), LAB_LIMIT (seconds), LAB_EXPIRY and
LAB_SCALE. The hook's own times are scaled as well, unless they are set.

Example:
  nat-keepalive lab --like aws-nat-gateway --scale 70 --compare \\
    --serve 'node server.js' -- node client.js

Exit code: that of COMMAND, or 128+n where signal n ended it; where that is 0,
1 if a connection died; with --compare, of the run with the hook. 2 wrong
usage, 3 no lab can be built here.
`

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const

export const options = {
  like: text,
  limit: text,
  scale: text,
  expiry: text,
  probes: text,
  outage: texts,
  freeze: texts,
  flush: texts,
  serve: texts,
  compare: { type: 'boolean' },
  report: text,
} as const

/** COMMAND stands after two dashes, because options have values here. */
export const operands = 'dashes' as const

interface Values {
  readonly like?: string
  readonly limit?: string
  readonly scale?: string
  readonly expiry?: string
  readonly probes?: string
  readonly outage?: readonly string[]
  readonly freeze?: readonly string[]
  readonly flush?: readonly string[]
  readonly serve?: readonly string[]
  readonly compare?: boolean
  readonly report?: string
}

export async function run(
  values: Values,
  { stderr }: Terminal,
  {
    env,
    operands: argv,
  }: { readonly env: NodeJS.ProcessEnv; readonly operands: readonly string[] },
): Promise<number> {
  if (argv.length === 0) throw new UsageError('The COMMAND to run is missing: it stands after --.')
  const given = { ...read(values), env }
  const forward = forwardSignals()
  const tell = (sentence: string): void => say(stderr, sentence)
  const runOne = (hook: HookUse): Promise<Ending> =>
    runBehind(argv, { ...given, hook, stdio: 'inherit', say: tell, onStart: forward.to })
  try {
    const first = await runOne(values.compare ? 'without' : 'as it is')
    if (values.compare) tell('Once more, with the hook.')
    const second = values.compare ? await runOne('with') : null
    tell(sentenceOf(first, second))
    if (values.report !== undefined) {
      writeFileSync(values.report, renderJson(resultOf(planOf(given), first, second)))
    }
    return codeOf(second ?? first)
  } catch (error) {
    if (!(error instanceof LabUnavailable)) throw error
    tell(error.message)
    return 3
  } finally {
    forward.release()
  }
}

function codeOf({ code, signal, died }: Ending): number {
  if (signal !== null) return 128 + constants.signals[signal]
  return code || (died > 0 ? 1 : 0)
}

/** The options of the command line. Throws a UsageError. */
function read(values: Values): BehindOptions {
  const { like, limit, scale, expiry, probes, outage, freeze, flush, serve } = values
  const given: BehindOptions = {
    ...(like !== undefined && { like }),
    ...(limit !== undefined && { limitMs: milliseconds('--limit', limit) }),
    ...(scale !== undefined && { scale: number('--scale', scale) }),
    ...(expiry !== undefined && { expiry: expiryOf(expiry) }),
    ...(probes !== undefined && { probesEatenAfter: eatenAfter(probes) }),
    ...(outage && { outages: outage.map((one) => span('--outage', one)) }),
    ...(freeze && { freezes: freeze.map((one) => span('--freeze', one)) }),
    ...(flush && { flushesAtMs: flush.map((one) => milliseconds('--flush', one)) }),
    ...(serve && { serve }),
  }
  try {
    planOf(given)
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
  return given
}

function expiryOf(value: string): 'reset' | 'drop' {
  if (value === 'reset' || value === 'drop') return value
  throw new UsageError(`The option --expiry is ${quoted(value)}, and has to be reset or drop.`)
}

function eatenAfter(value: string): number {
  const [, count = '0'] = /^eat(?::(\d{1,4}))?$/.exec(value) ?? []
  if (/^eat(:\d{1,4})?$/.test(value)) return Number(count)
  throw new UsageError(`The option --probes is ${quoted(value)}, and has to be eat or eat:N.`)
}

function number(option: string, value: string): number {
  if (/^\d{1,7}(\.\d+)?$/.test(value)) return Number(value)
  throw new UsageError(`The option ${option} is ${quoted(value)}, which is no number.`)
}

function span(option: string, value: string): Span {
  const [at, duration, more] = value.split(':')
  if (at === undefined || duration === undefined || more !== undefined) {
    throw new UsageError(
      `The option ${option} is ${quoted(value)}, and has to be AT:FOR, such as 3s:10s.`,
    )
  }
  return { atMs: milliseconds(option, at), forMs: milliseconds(option, duration) }
}

function milliseconds(option: string, value: string): number {
  const ms = parseDuration(value)
  if (ms !== null) return ms
  throw new UsageError(
    `The option ${option} has ${quoted(value)}, which is no duration: give it a unit, such as 5s or 1m.`,
  )
}

// A terminal sends the first three to every process of the foreground group.
const groupSignals = ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const
const forwardedSignals = [...groupSignals, 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const

/** Until there is a command to decide, a signal ends us, and the lab with us. */
function forwardSignals() {
  let client: ChildProcess | null = null
  const forward = (signal: NodeJS.Signals): void => {
    if (client === null) process.exit(128 + constants.signals[signal])
    if (groupSignals.some((name) => name === signal)) killGroup(client, signal)
    else client.kill(signal)
  }
  for (const signal of forwardedSignals) process.on(signal, forward)
  return {
    to(command: ChildProcess): void {
      client = command
    },
    release(): void {
      for (const signal of forwardedSignals) process.off(signal, forward)
    },
  }
}
