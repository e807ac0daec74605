import { printable } from '../process/printable'
import { indent } from './indent'
import type { Paint, Style } from './terminal'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

export interface Cell {
  readonly text: string
  readonly style: Style
}

export interface Row {
  /** Text of any origin: what would not be seen is escaped. The last one has no style. */
  readonly cells: readonly (Cell | string)[]
  /** Paragraphs below the row, across all columns. */
  readonly details: readonly string[]
}

const gap = 2
const detailIndent = 4

/**
 * A table whose last column takes what `width` leaves, and is wrapped. The other columns are as
 * wide as their longest cell in `rows`, or in `among`, where several tables are to be aligned.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly Row[],
  look: { readonly paint: Paint; readonly width: number; readonly among?: readonly Row[] },
): string {
  const { paint, width, among = rows } = look
  const titles = columns.map(({ title }) => title)
  const last = columns.length - 1
  const widths = columns.map((_, index) =>
    Math.max(
      ...[titles, ...among.map(({ cells }) => cells)].map((row) => textOf(row[index]).length),
    ),
  )
  const before = widths.slice(0, last).reduce((sum, each) => sum + each + gap, 0)
  const align = (cell: Cell | string, index: number): string => {
    const text = textOf(cell)
    const space = ' '.repeat((widths[index] ?? 0) - text.length)
    const painted = typeof cell === 'string' ? text : paint(cell.style, text)
    const aligned = columns[index]?.align === 'right' ? space + painted : painted + space
    return `${aligned}${' '.repeat(gap)}`
  }
  const line = (cells: Row['cells']): string => {
    const head = cells.slice(0, last).map(align).join('')
    return `${head}${indent(textOf(cells[last]), before, width).slice(before)}`
  }
  const body = rows.map(
    ({ cells, details }) =>
      `${line(cells)}${details.map((text) => indent(text, detailIndent, width)).join('')}`,
  )
  return `${paint('bold', line(titles).trimEnd())}\n${body.join('')}`
}

function textOf(cell: Cell | string | undefined): string {
  return printable(typeof cell === 'object' ? cell.text : (cell ?? ''))
}
