import type { Machine } from './machine'

/**
 * What a check comes to. The rules, for whoever doubts one of them:
 *
 * - `finding`: as things stand here, a connection is lost to idleness, a program does not start, or
 *   a setting does not do what was written. Only this makes the exit code 1.
 * - `advice`: nothing is wrong that can be seen from here, but it could be better. That the hook is
 *   not in NODE_OPTIONS belongs here, because a shell does not know how a service is started; so do
 *   the holes and the age of a Node, which the hook closes or which are another tool's business.
 * - `unknown`: the check could not be made. It is not a pass, and is never counted as one; it is no
 *   finding either, because a doctor that blames what it cannot see is soon ignored.
 * - `ok`: it was looked at, and it is fine.
 */
export type Verdict = 'ok' | 'advice' | 'finding' | 'unknown'

export interface Outcome {
  readonly verdict: Verdict
  /** What was seen and what it means, in whole sentences. */
  readonly seen: string
  /** The one thing to do next, null where there is nothing to do. */
  readonly action: string | null
  /** The same facts for machines; plain data. */
  readonly data: Readonly<Record<string, unknown>>
}

export interface Check {
  /** What --json calls it. */
  readonly id: string
  /** Its heading. */
  readonly title: string
  run(machine: Machine): Outcome | Promise<Outcome>
}
