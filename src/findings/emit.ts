import { writeSync } from 'node:fs'
import type { Config } from '../settings/config'
import type { Finding } from './finding'

/** Tells a finding on stderr, as a process warning or as a line of JSON. Never throws. */
export function emit(finding: Finding, format: Config['format']): void {
  try {
    if (format === 'text')
      process.emitWarning(finding.text, { type: 'NatKeepaliveWarning', code: finding.code })
    else if (!warningsAreOff()) writeSync(2, `${jsonLine(finding)}\n`)
  } catch {
    // A warning that cannot be given must not become the program's problem.
  }
}

/** Tells a finding at once, for a process that is about to exit. Never throws. */
export function emitNow(finding: Finding, format: Config['format']): void {
  const { code, text } = finding
  const line = `(node:${process.pid}) [${code}] NatKeepaliveWarning: ${text}`
  try {
    writeSync(2, `${format === 'json' ? jsonLine(finding) : line}\n`)
  } catch {
    // Nobody can read it; the exit code remains.
  }
}

function jsonLine({ code, text, data }: Finding): string {
  return JSON.stringify({ code, text, time: new Date().toISOString(), pid: process.pid, ...data })
}

/** What `--no-warnings` does to process warnings it does to the JSON lines. */
function warningsAreOff(): boolean {
  const { NODE_NO_WARNINGS, NODE_OPTIONS } = process.env
  return (
    NODE_NO_WARNINGS === '1' ||
    process.execArgv.includes('--no-warnings') ||
    /(^|\s)--no-warnings(\s|$)/.test(NODE_OPTIONS ?? '')
  )
}
