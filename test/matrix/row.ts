import { isDeepStrictEqual } from 'node:util'
import { alignColumns } from '../align-columns'

/** What one version showed, by column. */
export class Row {
  readonly version: string
  /** Sentences for below the table. */
  readonly notes: string[] = []
  readonly #cells = new Map<string, Cell>()

  constructor(version: string) {
    this.version = version
  }

  /** One assertion. `what` says where in the column it was made. */
  check(column: string, what: string, found: unknown, wanted: unknown): void {
    const cell = this.#cell(column)
    cell.checked++
    if (isDeepStrictEqual(found, wanted)) return
    cell.differences.push(`${what}: ${told(found)} instead of ${told(wanted)}`)
  }

  /** Nothing could be asserted, which is a hole. */
  fail(column: string, why: unknown): void {
    const cell = this.#cell(column)
    cell.checked++
    cell.differences.push(why instanceof Error ? why.message : String(why))
  }

  /** This version has not what the column is about. */
  absent(column: string): void {
    this.#cell(column).absent = true
  }

  /** What differs in a column; a column in which nothing was looked at differs, too. */
  differences(column: string): readonly string[] {
    const { checked, absent, differences } = this.#cell(column)
    return checked === 0 && !absent ? ['nothing was looked at'] : differences
  }

  /** The cell of the printed table. */
  cell(column: string): string {
    const { checked, absent } = this.#cell(column)
    const wrong = this.differences(column).length
    if (wrong > 0) return `${wrong} of ${checked}`
    return absent && checked === 0 ? '-' : `ok ${checked}`
  }

  #cell(column: string): Cell {
    let cell = this.#cells.get(column)
    if (cell === undefined) {
      cell = { checked: 0, absent: false, differences: [] }
      this.#cells.set(column, cell)
    }
    return cell
  }
}

interface Cell {
  checked: number
  absent: boolean
  readonly differences: string[]
}

function told(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The table, a line a version, and below it what differs. */
export function renderMatrix(columns: readonly string[], rows: readonly Row[]): string {
  const lines = [
    ['Node', ...columns],
    ...rows.map((row) => [row.version, ...columns.map((column) => row.cell(column))]),
  ]
  const holes = rows.flatMap((row) =>
    columns.flatMap((column) =>
      row.differences(column).map((text) => `${row.version}, ${column}: ${text}`),
    ),
  )
  const notes = rows.flatMap((row) => row.notes.map((note) => `${row.version}: ${note}`))
  return [...alignColumns(lines), ...notes, ...(holes.length > 0 ? ['', ...holes] : [])].join('\n')
}
