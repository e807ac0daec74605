import { readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { root } from '../run-node'

const file = join(root, 'docs', 'clients.md')
const BEGIN = /^<!-- measured: `.*-->\n/m
const END = '<!-- measured: end -->'

/** The table that people read, and the Node that it was measured with; null before the first time. */
export function readDocs(): { rows: string[]; node: string | null } {
  const [, measured] = split()
  return {
    rows: measured.split('\n').filter((line) => line.startsWith('|')),
    node: /^Measured with Node (\S+),/m.exec(measured)?.[1] ?? null,
  }
}

/** Puts the rows into docs/clients.md, with what they were measured with. */
export function writeDocs(rows: readonly string[], servers: readonly string[]): void {
  const [before, , after] = split()
  const date = new Date().toISOString().slice(0, 10)
  const kernel = /^[\d.]+/.exec(release())?.[0]
  const head = `Measured with Node ${process.versions.node}, on Linux ${kernel}, on ${date}, against ${servers.join(', ')}, and stand-ins.`
  writeFileSync(file, [before, head, '', ...rows, after].join('\n'))
}

/** What comes before the measured part, the part, and what comes after it. */
function split(): [string, string, string] {
  const text = readFileSync(file, 'utf8')
  const begin = BEGIN.exec(text)
  const end = text.indexOf(END)
  if (begin === null || end < 0) throw new Error(`There is no place for the table in ${file}.`)
  const start = begin.index + begin[0].length
  return [text.slice(0, start), text.slice(start, end), text.slice(end)]
}
