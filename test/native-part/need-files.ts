import { existsSync } from 'node:fs'
import type { SkippableTest } from '../lab/need-lab'

/**
 * Whether these files are there, each with the Debian package that brings it. Where one is missing
 * a test is skipped aloud, or fails if REQUIRE_EVERYTHING=1, as in CI.
 */
export function needFiles(t: SkippableTest, files: Readonly<Record<string, string>>): boolean {
  const missing = Object.entries(files).filter(([file]) => !existsSync(file))
  if (missing.length === 0) return true
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ')
  return refuse(
    t,
    `${missing.map(([file]) => file).join(', ')} is missing: apt-get install ${packages}.`,
  )
}

/** Skips a test aloud, or fails it where everything has to run; false. */
export function refuse(t: SkippableTest, why: string): false {
  if (process.env.REQUIRE_EVERYTHING === '1') t.fail(why)
  else t.pass(why, { skip: true })
  return false
}
