import type { ChildProcess, StdioOptions } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { killGroup } from './inside'
import { createLab, type Lab } from './lab'
import { type PathOptions, type Plan, planOf, type Span } from './plan'
import { type HookUse, surroundingsOf } from './surroundings'
import type { Toll } from './toll'

export interface BehindOptions extends PathOptions {
  /** Shell commands that are started as the server first; each is waited for until it listens. */
  readonly serve?: readonly string[]
  /** `as it is` by default: as `env` has it. */
  readonly hook?: HookUse
  /** The environment of this process by default. */
  readonly env?: NodeJS.ProcessEnv
  /** Piped by default, and then in the result. */
  readonly stdio?: StdioOptions
  /** The command is killed after that; never by default. Not scaled. */
  readonly timeoutMs?: number
  /** Told what happens, in sentences. */
  readonly say?: (sentence: string) => void
  /** Given the command when it runs, to send it signals. */
  readonly onStart?: (command: ChildProcess) => void
}

/** How a command behind the NAT ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly timedOut: boolean
  /** What it printed, where its streams were pipes. */
  readonly stdout: string
  readonly stderr: string
  /**
   * Connections that died: used after the NAT had forgotten them, or given up because nobody answered.
   */
  readonly died: number
  /** Those on which a request or its answer was lost for good in the NAT. */
  readonly requestsLost: number
  /** Those that the client's kernel gave up, because nobody answered. */
  readonly gaveUp: number
  /** Not among those that died: connections that the NAT had forgotten when they were closed. */
  readonly closedLate: number
}

/**
 * Runs a command to its end as the client behind a NAT that forgets, in namespaces that are gone
 * afterwards. Throws a LabUnavailable where there can be no lab, a RangeError for wrong options.
 */
export async function runBehind(
  argv: readonly string[],
  options: BehindOptions = {},
): Promise<Ending> {
  const plan = planOf(options)
  const { serve = [], hook = 'as it is', env = process.env, say = () => {} } = options
  const lab = await createLab(plan)
  try {
    if (plan.probesEatenAfter !== null) await lab.eatProbes(plan.probesEatenAfter)
    const without = surroundingsOf(env, lab.serverAddress, plan, 'as it is')
    for (const command of serve) await startServer(lab, command, without, say)
    const client = lab.spawn('client', argv, {
      stdio: options.stdio ?? 'pipe',
      env: surroundingsOf(env, lab.serverAddress, plan, hook),
    })
    const ended = watch(client, options.timeoutMs)
    options.onStart?.(client)
    const timers = schedule(lab, client, plan, say)
    const how = await ended
    for (const timer of timers) clearTimeout(timer)
    return { ...how, ...deathsOf(await lab.toll(), plan) }
  } finally {
    await lab.close()
  }
}

function deathsOf(toll: Toll, { expiry, probesEatenAfter, outages }: Plan) {
  const { died, requestsLost, closedLate, gaveUp } = toll
  // Where packets of forgotten connections are dropped, and all others pass, that is what is given up on.
  const dropsOnly = expiry === 'drop' && probesEatenAfter === null && outages.length === 0
  const others = dropsOnly ? Math.max(0, gaveUp - died) : gaveUp
  return { died: died + others, requestsLost, closedLate, gaveUp }
}

interface How {
  code: number | null
  signal: NodeJS.Signals | null
  timedOut: boolean
  stdout: string
  stderr: string
}

function watch(child: ChildProcess, timeoutMs: number | undefined): Promise<How> {
  return new Promise((resolve, reject) => {
    const how: How = { code: null, signal: null, timedOut: false, stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text) => {
        how[name] += text
      })
    }
    child.stdin?.on('error', () => {}).end()
    const kill = (): void => {
      how.timedOut = true
      killGroup(child, 'SIGKILL')
    }
    const timer = timeoutMs === undefined ? undefined : setTimeout(kill, timeoutMs)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ ...how, code, signal })
    })
  })
}

async function startServer(
  lab: Lab,
  command: string,
  env: NodeJS.ProcessEnv,
  say: (sentence: string) => void,
): Promise<void> {
  const before = await listeners(lab)
  const server = lab.spawn('server', ['sh', '-c', command], { stdio: ['ignore', 2, 2], env })
  server.on('exit', (code, signal) => {
    // Those that the end of the lab kills need no word.
    if (signal !== 'SIGKILL') say(`The server "${command}" ended with ${code ?? signal}.`)
  })
  const deadline = Date.now() + 5_000
  while (server.exitCode === null && server.signalCode === null) {
    if ((await listeners(lab)) > before) return
    if (Date.now() > deadline) {
      say(`The server "${command}" does not listen after 5 s; going on.`)
      return
    }
    await sleep(50)
  }
}

async function listeners(lab: Lab): Promise<number> {
  const { stdout } = await lab.run('server', ['sh', '-c', 'cat /proc/net/tcp*'], { cwd: '/' })
  return stdout.split('\n').filter((row) => row.trim().split(/\s+/)[3] === '0A').length
}

function schedule(
  lab: Lab,
  client: ChildProcess,
  { outages, freezes, flushesAtMs }: Plan,
  say: (sentence: string) => void,
): NodeJS.Timeout[] {
  const at = (ms: number, text: string, act: () => Promise<void>) =>
    setTimeout(() => {
      act().then(
        () => say(text),
        (error: Error) => say(error.message),
      )
    }, ms)
  const during = ({ atMs, forMs }: Span, name: string, set: (on: boolean) => Promise<void>) => [
    at(atMs, `The ${name} begins.`, () => set(true)),
    at(atMs + forMs, `The ${name} is over.`, () => set(false)),
  ]
  const freeze = async (on: boolean) => killGroup(client, on ? 'SIGSTOP' : 'SIGCONT')
  return [
    ...outages.flatMap((span) => during(span, 'outage', (on) => lab.outage(on))),
    ...freezes.flatMap((span) => during(span, 'freeze', freeze)),
    ...flushesAtMs.map((ms) => at(ms, 'The NAT has forgotten every flow.', () => lab.flush())),
  ]
}
