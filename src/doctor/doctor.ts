import { printable } from '../process/printable'
import { indent } from '../terminal/indent'
import type { Paint, Style } from '../terminal/terminal'
import { wrapText } from '../terminal/wrap-text'
import type { Check, Outcome, Verdict } from './checks/check'
import * as connections from './checks/connections'
import * as hook from './checks/hook'
import * as kernel from './checks/kernel'
import type { Machine } from './checks/machine'
import * as native from './checks/native'
import * as node from './checks/node'
import * as place from './checks/place'
import * as schedule from './checks/schedule'
import { seconds } from './checks/seconds'
import * as settings from './checks/settings'
import * as sysctlAccess from './checks/sysctl-access'

/** In the order in which they are printed. */
export const checks: readonly Check[] = [
  kernel,
  node,
  schedule,
  hook,
  settings,
  place,
  sysctlAccess,
  native,
  connections,
]

export interface CheckResult extends Outcome {
  readonly id: string
  readonly title: string
}

/** What `doctor --json` prints: docs/schemas/doctor.json. Plain data. */
export interface Diagnosis {
  readonly schema: 1
  readonly version: string
  readonly node: string
  readonly platform: string
  readonly takenAt: string
  readonly limitMs: number
  readonly checks: readonly CheckResult[]
  /** How many checks came to each verdict. */
  readonly counts: Readonly<Record<Verdict, number>>
}

/** Runs all checks together. One that fails says so and spoils no other. */
export async function examine(machine: Machine, among = checks): Promise<Diagnosis> {
  const results = await Promise.all(among.map((check) => attempt(check, machine)))
  const count = (wanted: Verdict) => results.filter(({ verdict }) => verdict === wanted).length
  return {
    schema: 1,
    version: machine.version,
    node: machine.node,
    platform: machine.platform,
    takenAt: machine.now.toISOString(),
    limitMs: machine.settings.config.limitMs,
    checks: results,
    counts: {
      ok: count('ok'),
      advice: count('advice'),
      finding: count('finding'),
      unknown: count('unknown'),
    },
  }
}

async function attempt(check: Check, machine: Machine): Promise<CheckResult> {
  const { id, title } = check
  try {
    const { seen, action, ...rest } = await check.run(machine)
    // Variables, files and names of the machine are in it. As data they stay as they are.
    const shown = { seen: printable(seen), action: action === null ? null : printable(action) }
    return { id, title, ...rest, ...shown }
  } catch (error) {
    const why = printable(error instanceof Error ? error.message : String(error))
    return {
      id,
      title,
      verdict: 'unknown',
      seen: `This check could not run: ${why}.`,
      action: 'Please report this as a defect of nat-keepalive.',
      data: { why },
    }
  }
}

const words: Readonly<Record<Verdict, string>> = {
  ok: 'ok',
  advice: 'advice',
  finding: 'finding',
  unknown: 'not known',
}

const styles: Readonly<Record<Verdict, Style | null>> = {
  ok: 'green',
  advice: null,
  finding: 'red',
  unknown: 'yellow',
}

const margin = 11

/** The diagnosis for a person, at most 80 columns wide. */
export function renderText(diagnosis: Diagnosis, paint: Paint): string {
  const { version, node, platform, limitMs } = diagnosis
  const head = `nat-keepalive ${version}, Node ${node} on ${platform}, idle limit ${seconds(limitMs)}\n`
  const body = diagnosis.checks.map((result) => `\n${renderCheck(result, paint)}`).join('')
  return `${head}${body}\n${wrapText(summarise(diagnosis))}\n`
}

function renderCheck({ verdict, title, seen, action }: CheckResult, paint: Paint): string {
  const style = styles[verdict]
  const word = words[verdict]
  const painted = style === null ? word : paint(style, word)
  const heading = `${painted}${' '.repeat(margin - word.length)}${paint('bold', title)}\n`
  const next = action === null ? '' : indent(`Next: ${action}`, margin)
  return `${heading}${indent(seen, margin)}${next}`
}

function summarise({ checks: results, counts }: Diagnosis): string {
  const parts = (['finding', 'advice', 'unknown', 'ok'] as const)
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${words[verdict]}`)
  const verdict =
    counts.finding > 0
      ? 'Something here loses connections or does not do what was written.'
      : 'Nothing that could be checked here loses connections.'
  return `${results.length} checks: ${parts.join(', ')}. ${verdict}`
}
