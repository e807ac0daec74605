import { printable } from '../process/printable'
import { printableData } from '../process/printable-data'
import { version } from '../process/version'
import type { Finding } from './finding'

/** What a pipe takes as one (PIPE_BUF, pipe(7)), less the end of the line. */
const MAX_BYTES = 4_095

const MAX_MESSAGE = 1_500

/** To what lengths the texts of the data are cut, one after the other, where a line gets too long. */
const CUTS = [MAX_MESSAGE, 300, 80]

/** `error` ends the process; `dropped` counts the lines before this one that nobody got. */
export interface JsonLineOptions {
  readonly level?: 'warn' | 'error'
  readonly dropped?: number
}

/**
 * A finding as one line of JSON, of at most 4,095 bytes: `level`, `message`, `code`, `version`,
 * `time`, `pid`, and what was found under names of its own, without which the line is `cut` where
 * they do not fit. Throws where there is no JSON for the data.
 */
export function jsonLine(finding: Finding, options: JsonLineOptions = {}): string {
  const { level = 'warn', dropped = 0 } = options
  const head = {
    level,
    message: printable(finding.text, MAX_MESSAGE),
    code: finding.code,
    version,
    time: new Date().toISOString(),
    pid: process.pid,
    ...(dropped > 0 ? { dropped } : {}),
  }
  for (const maxLength of CUTS) {
    const line = JSON.stringify({ ...head, ...printableData(finding.data, maxLength), ...head })
    if (Buffer.byteLength(line) <= MAX_BYTES) return line
  }
  return JSON.stringify({ ...head, message: printable(finding.text, MAX_MESSAGE / 2), cut: true })
}
