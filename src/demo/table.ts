import { printable } from '../process/printable'
import type { Paint, Style } from '../terminal/terminal'

export interface Cell {
  readonly text: string
  readonly style?: Style
}

export type Row = readonly [string, Cell | string, Cell | string]

const columns = [15, 22] as const

/** A label and two cells side by side in each line, without and with nat-keepalive. */
export function renderTable(rows: readonly Row[], paint: Paint): string {
  const head: Row = [
    '',
    { text: 'without nat-keepalive', style: 'bold' },
    { text: 'with nat-keepalive', style: 'bold' },
  ]
  return [head, ...rows].map((row) => renderRow(row, paint)).join('')
}

function renderRow([label, without, withHook]: Row, paint: Paint): string {
  const first = `  ${label.padEnd(columns[0])}`
  return `${first}${renderCell(without, columns[1], paint)}  ${renderCell(withHook, 0, paint)}\n`
}

function renderCell(cell: Cell | string, width: number, paint: Paint): string {
  const { text: given, style } = typeof cell === 'string' ? { text: cell, style: undefined } : cell
  const text = printable(given)
  const space = ' '.repeat(Math.max(0, width - text.length))
  return `${style === undefined ? text : paint(style, text)}${space}`
}
