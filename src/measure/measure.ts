import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcFs } from '../kernel/proc-fs'
import { conclude, type Evidence } from './conclude'
import { Control } from './control'
import { errorCode } from './error-code'
import { finerSteps, MOST_CONNECTIONS } from './ladder'
import { climb, type Rung } from './rung'
import { openSilent } from './silent-connection'
import type { Target } from './target'

/** What is told while it goes on. */
export type News =
  | { readonly kind: 'control'; readonly rung: Rung }
  | { readonly kind: 'pass'; readonly pass: 1 | 2; readonly steps: readonly number[] }
  | { readonly kind: 'rung'; readonly rung: Rung }

export interface Measurement extends Evidence {
  readonly target: Target
  /** Connections that were opened, the control among them. */
  readonly connections: number
  /** Whether it was ended before its time. */
  readonly interrupted: boolean
}

/** Between two connects, in milliseconds: nobody is to meet 20 at once. */
const CONNECT_APART_MS = 25

/**
 * Measures after which silence the path to `targets` forgets a connection: the first of them that
 * takes one, and only that. Throws a sentence where no connection opens, or the kernel cannot be
 * asked. `stop` ends it with what is known by then.
 */
export async function measure(
  targets: readonly Target[],
  steps: readonly number[],
  proc: ProcFs,
  stop: AbortSignal,
  tell: (news: News) => void,
): Promise<Measurement> {
  const { target, control } = await openControl(targets, proc, stop)
  const rungs: Rung[] = []
  let connections = 1
  const done = (swallowedAfterMs: number | null = null): Measurement => ({
    target,
    control: control.rung,
    rungs: [...rungs].sort((a, b) => a.silentMs - b.silentMs),
    swallowedAfterMs,
    connections,
    interrupted: stop.aborted,
  })
  const startedAt = performance.now()
  const end = follower(stop)
  try {
    const run = async (pass: 1 | 2, ages: readonly number[]): Promise<void> => {
      tell({ kind: 'pass', pass, steps: ages })
      connections += ages.length
      rungs.push(...(await climbAll(target, ages, control, proc, end.signal, tell)))
    }
    const prove = async (): Promise<void> => {
      const rung = await control.prove(end.signal)
      tell({ kind: 'control', rung })
      if (rung.outcome === 'unanswered' || rung.outcome === 'reset') end.abort()
    }
    // Both at the same time: the control is known before the first of the others is due.
    await Promise.all([prove(), run(1, steps)])
    const bounds = conclude(done())
    if (bounds.kind === 'limit' && !bounds.early && !end.signal.aborted) {
      const left = MOST_CONNECTIONS - connections
      const finer = finerSteps(bounds.atLeastMs ?? 0, bounds.lessThanMs, left)
      if (finer.length > 0) await run(2, finer)
    }
    const lost = control.rung?.outcome === 'answered' && control.end === 'timed-out'
    const opens =
      lost && !stop.aborted && connections < MOST_CONNECTIONS && (await stillOpens(target, stop))
    return done(opens ? performance.now() - startedAt : null)
  } finally {
    end.abort()
    control.close()
  }
}

/** A controller that aborts when `signal` does, or by itself. */
function follower(signal: AbortSignal): AbortController {
  const controller = new AbortController()
  // Each connection listens, and that is no leak.
  setMaxListeners(0, controller.signal)
  if (signal.aborted) controller.abort()
  signal.addEventListener('abort', () => controller.abort())
  return controller
}

async function openControl(targets: readonly Target[], proc: ProcFs, stop: AbortSignal) {
  const failed: string[] = []
  for (const target of targets) {
    try {
      return { target, control: await Control.open(target, proc, stop) }
    } catch (error) {
      if (stop.aborted) throw error
      failed.push(`${target.address}: ${errorCode(error)}`)
    }
  }
  const [{ host, port }] = targets as readonly [Target]
  throw new Error(`No connection to ${host} port ${port} could be opened (${failed.join(', ')}).`)
}

/** One pass. What is longer than the first that was forgotten is not waited for. */
async function climbAll(
  target: Target,
  ages: readonly number[],
  control: Control,
  proc: ProcFs,
  stop: AbortSignal,
  tell: (news: News) => void,
): Promise<Rung[]> {
  const known = follower(stop)
  const witness = {
    proc,
    port: target.port,
    controlAnswered: (sinceMs: number) => control.answeredSince(sinceMs),
  }
  const one = async (plannedMs: number, index: number): Promise<Rung> => {
    await sleep(index * CONNECT_APART_MS)
    if (known.signal.aborted) return { plannedMs, silentMs: 0, outcome: 'stopped' }
    const connection = await openSilent(target, known.signal).catch(() => null)
    if (connection === null) {
      const outcome = known.signal.aborted ? 'stopped' : 'unclear'
      return { plannedMs, silentMs: 0, outcome }
    }
    try {
      const rung = await climb(connection, plannedMs, witness, known.signal)
      if (rung.outcome === 'reset' || rung.outcome === 'unanswered') known.abort()
      if (rung.outcome !== 'stopped') tell({ kind: 'rung', rung })
      return rung
    } finally {
      connection.close()
    }
  }
  try {
    return await Promise.all(ages.map(one))
  } catch (error) {
    known.abort()
    throw error
  }
}

async function stillOpens(target: Target, stop: AbortSignal): Promise<boolean> {
  try {
    const connection = await openSilent(target, stop)
    connection.close()
    return true
  } catch {
    return false
  }
}
