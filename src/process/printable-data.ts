import { printable } from './printable'

/** Deeper than anything of ours; a program's object may lead back to itself. */
const MAX_DEPTH = 8

/** A copy of plain data whose texts are printable, each cut where it takes more than `maxLength`. */
export function printableData<Data>(data: Data, maxLength = Number.POSITIVE_INFINITY): Data {
  return copied(data, maxLength, MAX_DEPTH) as Data
}

function copied(value: unknown, maxLength: number, depth: number): unknown {
  if (typeof value === 'string') return printable(value, maxLength)
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return null
  if (Array.isArray(value)) return value.map((item) => copied(item, maxLength, depth - 1))
  const entries = Object.entries(value).map(([key, item]) => [
    printable(key, maxLength),
    copied(item, maxLength, depth - 1),
  ])
  return Object.fromEntries(entries)
}
