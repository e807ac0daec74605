import { missingTools } from '../../src/lab/lab'

/** The part of a tap test that needLab uses. */
export interface SkippableTest {
  fail(message: string): unknown
  pass(message: string, extra: { skip: boolean }): unknown
}

/**
 * Whether the tests that need a lab can run. Where they cannot they are skipped aloud, or fail if
 * REQUIRE_EVERYTHING=1, as in CI, where a skipped test is one that nobody sees.
 */
export function needLab(t: SkippableTest): boolean {
  const missing = missingTools()
  if (missing === null) return true
  if (process.env.REQUIRE_EVERYTHING === '1') t.fail(missing)
  else t.pass(missing, { skip: true })
  return false
}
