import { printable } from '../process/printable'
import type { Paint, Style } from '../terminal/terminal'

export interface Side {
  readonly text: string
  readonly style?: Style
}

export type Line = readonly [string, Side | string, Side | string]

const columns = [15, 22] as const

/** A label and two cells side by side in each line, without and with nat-keepalive. */
export function renderSideBySide(rows: readonly Line[], paint: Paint): string {
  const head: Line = [
    '',
    { text: 'without nat-keepalive', style: 'bold' },
    { text: 'with nat-keepalive', style: 'bold' },
  ]
  return [head, ...rows].map((row) => renderLine(row, paint)).join('')
}

function renderLine([label, without, withHook]: Line, paint: Paint): string {
  const first = `  ${label.padEnd(columns[0])}`
  return `${first}${renderSide(without, columns[1], paint)}  ${renderSide(withHook, 0, paint)}\n`
}

function renderSide(cell: Side | string, width: number, paint: Paint): string {
  const { text: given, style } = typeof cell === 'string' ? { text: cell, style: undefined } : cell
  const text = printable(given)
  const space = ' '.repeat(Math.max(0, width - text.length))
  return `${style === undefined ? text : paint(style, text)}${space}`
}
