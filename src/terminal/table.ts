import type { Paint } from './terminal'
import { wrapText } from './wrap-text'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

const gap = 2

/**
 * A table whose last column takes what `width` leaves and is wrapped; a line break in one of its
 * cells stays. The other columns are as wide as their longest cell.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { paint, width }: { readonly paint: Paint; readonly width: number },
): string {
  const titles = columns.map(({ title }) => title)
  const last = columns.length - 1
  const widths = columns.map((_, index) =>
    Math.max(...[titles, ...rows].map((row) => (row[index] ?? '').length)),
  )
  const before = widths.slice(0, last).reduce((sum, each) => sum + each + gap, 0)
  const align = (cell: string, index: number): string => {
    const room = widths[index] ?? 0
    return `${columns[index]?.align === 'right' ? cell.padStart(room) : cell.padEnd(room)}${' '.repeat(gap)}`
  }
  const line = (row: readonly string[]): string => {
    const wrapped = (row[last] ?? '')
      .split('\n')
      .flatMap((part) => wrapText(part, width - before).split('\n'))
    const head = row.slice(0, last).map(align).join('')
    return wrapped.map((part, n) => `${n === 0 ? head : ' '.repeat(before)}${part}\n`).join('')
  }
  const heading = line(titles).trimEnd()
  return `${paint('bold', heading)}\n${rows.map(line).join('')}`
}
