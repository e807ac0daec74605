import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

const folder = join(__dirname, 'expected')

/**
 * Compares a whole output with the file of this name, which people read and review. With
 * UPDATE_EXPECTED=1 the file is written, and the test fails, so that this is never the normal run.
 */
export function matchExpected(t: Test, text: string, name: string): void {
  const file = join(folder, name)
  if (process.env.UPDATE_EXPECTED === '1') {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, text)
    t.fail(`${name} was written`)
    return
  }
  t.equal(text, readFileSync(file, 'utf8'), name)
}
