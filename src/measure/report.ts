import { release } from 'node:os'
import { destinationOf } from '../connections/endpoint'
import { version } from '../process/version'
import type { Profile } from '../settings/profiles'
import { indent } from '../terminal/indent'
import { renderTable } from '../terminal/table'
import type { Paint, Style } from '../terminal/terminal'
import { wrapText } from '../terminal/wrap-text'
import { conclude, fitting, limitToSet } from './conclude'
import type { Measurement } from './measure'
import type { Outcome, Rung } from './rung'
import { age, conclusionText, outcomes } from './words'

/** A measurement with its circumstances, as `--json` prints it: docs/schemas/measure.json. */
export interface MeasureReport {
  readonly schema: 1
  readonly version: string
  readonly node: string
  readonly platform: string
  readonly release: string
  readonly startedAt: string
  readonly tookMs: number
  readonly target: {
    readonly host: string
    readonly port: number
    readonly address: string
    readonly addresses: readonly string[]
  }
  readonly connections: number
  readonly interrupted: boolean
  readonly control: Rung | null
  readonly rungs: readonly Rung[]
  readonly conclusion: ReturnType<typeof conclude>
  /** The ids of the middleboxes that fit. */
  readonly fits: readonly string[]
  readonly settings: Readonly<Record<string, string>>
  /** The conclusion in words, a paragraph each. */
  readonly text: readonly string[]
}

export function toReport(
  measurement: Measurement,
  table: readonly Profile[],
  given: { readonly delayMs: number; readonly startedAt: Date; readonly tookMs: number },
): MeasureReport {
  const { target, connections, interrupted, control, rungs } = measurement
  const conclusion = conclude(measurement)
  const seconds = limitToSet(conclusion)
  return {
    schema: 1,
    version,
    node: process.version,
    platform: process.platform,
    release: release(),
    startedAt: given.startedAt.toISOString(),
    tookMs: Math.round(given.tookMs),
    target,
    connections,
    interrupted,
    control,
    rungs,
    conclusion,
    fits: fitting(conclusion, table).map(({ id }) => id),
    settings: seconds === null ? {} : { NAT_KEEPALIVE_LIMIT: `${seconds}s` },
    text: conclusionText(conclusion, table, given),
  }
}

const styles: Readonly<Partial<Record<Outcome, Style>>> = {
  answered: 'green',
  reset: 'red',
  unanswered: 'red',
  'reset-early': 'red',
  closed: 'yellow',
}

/** What is printed at the end: it can be pasted as it is. */
export function renderMeasurement(
  report: MeasureReport,
  look: { readonly paint: Paint; readonly width: number },
): string {
  const { target, control, rungs, interrupted, text, connections } = report
  const shown = [...(control === null ? [] : [control]), ...rungs].filter(
    ({ outcome }) => outcome !== 'stopped',
  )
  const rows = shown.map(({ silentMs, outcome }, index) => ({
    cells: [
      age(silentMs),
      { text: outcome, style: styles[outcome] ?? 'yellow' },
      index === 0 && control !== null ? `the control; ${outcomes[outcome]}` : outcomes[outcome],
    ],
    details: [],
  }))
  const paragraphs = [
    `${destinationOf(target)}${addressesText(target)}, measured on ${report.startedAt} in ${age(report.tookMs)} with nat-keepalive ${report.version}, Node ${report.node}, ${report.platform} ${report.release}.`,
    `${connections} connections, on each of which nothing was sent but one keepalive probe of the kernel after a silence; that the probe was answered is the kernel's own word (/proc/net/tcp). A control was probed every second meanwhile.`,
  ]
  const title = look.paint(
    'bold',
    interrupted ? 'Idle limit of a path (ended early)' : 'Idle limit of a path',
  )
  const columns = [
    { title: 'SILENCE', align: 'right' as const },
    { title: 'OUTCOME' },
    { title: 'WHAT THAT IS' },
  ]
  return [
    `${title}\n\n`,
    ...paragraphs.map((paragraph) => `${wrapText(paragraph, look.width)}\n\n`),
    renderTable(columns, rows, look),
    `\n${look.paint('bold', 'Conclusion')}\n`,
    ...text.map((paragraph) => indent(paragraph, 2, look.width)),
  ].join('')
}

function addressesText({ host, address, addresses }: MeasureReport['target']): string {
  if (host === address) return ''
  return addresses.length === 1
    ? ` (${address})`
    : ` (${address}, one of ${addresses.length} addresses; the others were left alone)`
}
