import { guarded } from '../process/guarded'
import { createLater } from '../process/later'
import { LineWriter } from '../process/line-writer'
import { printable } from '../process/printable'
import { variable } from '../process/variable'
import type { Config } from '../settings/config'
import type { Finding } from './finding'
import { jsonLine } from './json-line'
import { emitWarningEvent } from './warning-event'

const TYPE = 'NatKeepaliveWarning'

const stderr = new LineWriter(2, createLater())

/**
 * Tells a finding on stderr, as a process warning or as a line of JSON: the one place where text
 * leaves. Never throws, and never waits for a reader.
 */
export const emit = guarded('a warning', (finding: Finding, format: Config['format']): void => {
  const printed = { ...finding, text: printable(finding.text) }
  if (format === 'text') {
    process.emitWarning(printed.text, { type: TYPE, code: finding.code })
    return
  }
  if (!isSilenced(finding.code)) {
    const { dropped } = stderr
    if (stderr.write(jsonLine(finding, { dropped }))) stderr.dropped -= dropped
  }
  emitWarningEvent(printed)
})

/** Tells a finding at once, for a process that is about to exit. Never throws. */
export const emitNow = guarded(
  'a last word',
  (finding: Finding, format: Config['format']): void => {
    const { code, text } = finding
    const line = `(node:${process.pid}) [${code}] ${TYPE}: ${printable(text)}`
    stderr.writeNow(format === 'json' ? jsonLine(finding, { level: 'error' }) : line)
  },
)

/** What `--no-warnings` and `--disable-warning` do to process warnings they do to the JSON lines. */
function isSilenced(code: string): boolean {
  if (variable('NODE_NO_WARNINGS') === '1') return true
  const options = [...process.execArgv, variable('NODE_OPTIONS') ?? ''].join(' ')
  return new RegExp(
    `(?:^|\\s)(?:--no-warnings|--disable-warning[=\\s]"?(?:${code}|${TYPE})"?)(?:\\s|$)`,
  ).test(options)
}
