import type { Ending } from './behind'
import { missingTools } from './lab'
import { sentenceOf } from './verdict-line'

export { type BehindOptions, type Ending, runBehind } from './behind'
export { createLab, type Lab, type LabOptions, missingTools } from './lab'
export { LabUnavailable } from './lab-unavailable'
export type { PathOptions, Span } from './plan'
export type { HookUse } from './surroundings'

type Body = () => Promise<void>

/** What `test` of node:test, jest and vitest have in common. */
export interface TestFunction {
  (name: string, body: Body, timeoutMs?: number): unknown
  readonly skip: (name: string, body: Body) => unknown
}

export interface LabTestOptions {
  /**
   * Whether a machine that can have no lab makes the tests fail instead of skipping them; by default
   * where the environment has CI, because nobody reads there what was skipped.
   */
  readonly required?: boolean
  /** How long a test may take; two minutes by default. node:test has no limit of its own. */
  readonly timeoutMs?: number
}

/**
 * Makes a `test` for programs behind the lab's NAT out of that of node:test, jest or vitest: with a
 * time limit that a lab can keep, and skipped where there can be none, with the reason in its name.
 */
export function labTest(
  test: TestFunction,
  options: LabTestOptions = {},
): (name: string, body: Body) => void {
  const { required = Boolean(process.env.CI), timeoutMs = 120_000 } = options
  const missing = missingTools()
  return (name, body) => {
    if (missing === null || required) test(name, body, timeoutMs)
    else test.skip(`${name} (${missing})`, body)
  }
}

/** Throws an Error that says what died, or what the command printed where it failed by itself. */
export function assertSurvived(ending: Ending): void {
  const { died, requestsLost, code, signal, timedOut, stdout, stderr } = ending
  if (died > 0 || requestsLost > 0) throw new Error(sentenceOf(ending, null))
  if (code === 0) return
  const how = timedOut ? 'did not end in time' : `ended with ${code ?? signal}`
  throw new Error(`No connection died, but the command ${how}.\n${stdout}${stderr}`)
}
