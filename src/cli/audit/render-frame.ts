import type { MachineAudit, ProcessAudit } from '../../outside/outside-auditor'
import { cutLine } from '../../terminal/cut-line'
import { indent } from '../../terminal/indent'
import type { Size } from '../../terminal/screen'
import { renderTable } from '../../terminal/table'
import type { Paint } from '../../terminal/terminal'
import { wrapText } from '../../terminal/wrap-text'
import { byWorst, hasSomething, notesOf, summaryOf, titleOf } from './render-audit'
import { columnsOf, groupSockets, reasonIsDue, rowOf, type SocketGroup } from './rows'

export interface FrameLook {
  readonly paint: Paint
  /** Every connection in a line of its own. */
  readonly each: boolean
  readonly size: Size
  /** Of the look, as it is to be shown. */
  readonly time: string
  readonly isMarked: (pid: number | null, group: SocketGroup) => boolean
}

/** A line, and how many connections it is about. */
interface Line {
  readonly text: string
  readonly count: number
}

/** Enough for the counts on 40 columns, and no more than a fifth of what there is. */
const SUMMARY_ROWS = 3

/** An audit as a screen of that size holds it: worst on top, and at the end how much is left out. Pure. */
export function renderFrame(audit: MachineAudit, limitMs: number, look: FrameLook): string {
  const { paint, size, time } = look
  const body = audit.processes
    .filter(hasSomething)
    .sort(byWorst)
    .flatMap((one) => linesOf(one, look))
  // What could not be looked into must not be pushed out by what could.
  const unseen = audit.unseen.slice(0, Math.max(0, Math.floor(size.rows / 2) - 1))
  const summary = wrapText(`${time} - ${summaryOf(audit, limitMs)}`, size.columns).split('\n')
  const head = [
    ...summary
      .slice(0, Math.max(1, Math.min(SUMMARY_ROWS, Math.floor(size.rows / 5))))
      .map((line) => paint('bold', line)),
    ...unseen.map(({ why, action }) => paint('yellow', `${why} Next: ${action}`)),
  ]
  const room = size.rows - head.length
  const shown = body.length <= room ? body : body.slice(0, Math.max(0, room - 1))
  const left = body.slice(shown.length).reduce((sum, { count }) => sum + count, 0)
  const lines = [...head, ...shown.map(({ text }) => text)]
  if (left > 0) lines.push(`… and ${left} more`)
  return lines
    .slice(0, size.rows)
    .map((line) => cutLine(line, size.columns))
    .join('\n')
}

function linesOf(audit: ProcessAudit, { paint, each, isMarked }: FrameLook): Line[] {
  const groups = groupSockets(audit.sockets, each)
  const rows = groups.map((group, index) => {
    const row = rowOf(group, each, reasonIsDue(groups, index))
    const mark = isMarked(audit.pid, group) ? ({ text: '*', style: 'yellow' } as const) : ' '
    return { ...row, cells: [mark, ...row.cells] }
  })
  const look = { paint, width: Number.POSITIVE_INFINITY }
  const columns = [{ title: ' ' }, ...columnsOf(each)]
  const table = rows.length === 0 ? '' : renderTable(columns, rows, look)
  const [heading = '', ...texts] = table.split('\n')
  const lines: Line[] = [{ text: paint('bold', titleOf(audit)), count: 0 }]
  if (rows.length > 0) lines.push({ text: heading, count: 0 })
  for (const [index, { details }] of rows.entries()) {
    const [text = '', ...more] = texts.splice(0, 1 + details.length)
    lines.push({ text, count: groups[index]?.count ?? 0 })
    lines.push(...more.map((text) => ({ text, count: 0 })))
  }
  return [
    ...lines,
    ...notesOf(audit).map((note) => ({ text: indent(note, 4, look.width).trimEnd(), count: 0 })),
  ]
}
