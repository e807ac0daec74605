import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcFs } from '../kernel/proc-fs'
import { probeWord, sightOf } from './probe-sight'
import type { SilentConnection } from './silent-connection'

/**
 * What became of one connection of the ladder.
 *
 * `answered`: a probe came through after that silence, and so did its answer: the path remembered.
 * `reset`: the probe was answered with a reset. `unanswered`: three probes were not answered, while
 * the control was. `reset-early`: it was reset before anything was sent. `closed`: the far end closed
 * it in good order. `speaks`: the far end keeps sending, so that there is no silence. `unclear`:
 * nothing follows, because the control was not answered either, or the machine slept. `stopped`: it
 * was not needed any more, or the measurement was ended.
 */
export type Outcome =
  | 'answered'
  | 'reset'
  | 'unanswered'
  | 'reset-early'
  | 'closed'
  | 'speaks'
  | 'unclear'
  | 'stopped'

/** One connection of the ladder, and what came of it. */
export interface Rung {
  /** After which silence it was to be probed, in milliseconds. */
  readonly plannedMs: number
  /** How long it had been silent when it was probed, or when it ended, in milliseconds. */
  readonly silentMs: number
  readonly outcome: Outcome
}

/** Three probes, a second apart, and a second for the answer to the last. */
export const PATIENCE_MS = 3_000
const LOOK_MS = 40
/** Who says something that often has no silence that could be measured. */
const MOST_SPOKEN = 3

/** Where a connection of the ladder can ask. */
export interface Witness {
  readonly proc: ProcFs
  readonly port: number
  /** Whether the control was answered since `sinceMs` on the clock of performance.now(). */
  controlAnswered(sinceMs: number): boolean
}

/** Leaves a connection alone for `plannedMs`, has it probed once, and says what came of it. */
export async function climb(
  connection: SilentConnection,
  plannedMs: number,
  witness: Witness,
  stop: AbortSignal,
): Promise<Rung> {
  const rung = (outcome: Outcome, silentMs: number): Rung => ({
    plannedMs,
    silentMs: Math.round(silentMs),
    outcome: connection.sleptThrough ? 'unclear' : outcome,
  })
  for (;;) {
    const spoken = connection.spoken
    const waited = await connection.silentFor(plannedMs, stop)
    if (connection.spoken > MOST_SPOKEN) return rung('speaks', connection.silentMs)
    if (waited === 'stopped') return rung('stopped', connection.silentMs)
    if (waited === 'ended') return rung(endedEarly(connection), connection.endedAfterMs ?? 0)
    if (connection.spoken === spoken || connection.silentMs >= plannedMs) break
  }
  const silentMs = connection.silentMs
  const probedAt = performance.now()
  connection.probe()
  return rung(await fate(connection, probedAt, witness), silentMs)
}

function endedEarly({ end }: SilentConnection): Outcome {
  return end === 'closed' ? 'closed' : end === 'reset' ? 'reset-early' : 'unclear'
}

/** What comes of a probe; it is not stopped, because it is soon over. Throws without the table. */
async function fate(
  connection: SilentConnection,
  probedAt: number,
  { proc, port, controlAnswered }: Witness,
): Promise<Outcome> {
  for (;;) {
    await sleep(LOOK_MS)
    if (connection.end === 'closed') return 'closed'
    if (connection.end === 'reset') return 'reset'
    const sight = connection.end === null ? sightOf(proc, connection.localPort, port) : null
    if (sight !== null && !sight.known) throw new Error(sight.why)
    const word = sight === null ? 'unanswered' : probeWord(sight.value)
    if (word === 'answered') return 'answered'
    const late = performance.now() - probedAt > PATIENCE_MS
    if (connection.end === 'timed-out' || late) {
      return word === 'unanswered' && controlAnswered(probedAt) ? 'unanswered' : 'unclear'
    }
  }
}
