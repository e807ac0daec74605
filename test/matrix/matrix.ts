import t from 'tap'
import { type Binary, ensureBinaries } from './binaries'
import { Row, renderMatrix } from './row'
import { columns, steps } from './steps'

// `npm run test:matrix` runs this; it is not called *.test.ts, so `npm test` does not.

async function fill(binary: Binary): Promise<Row> {
  const row = new Row(binary.version)
  const begun = Date.now()
  for (const [column, step] of steps) {
    try {
      await step(binary, row)
    } catch (error) {
      // Other columns that it leaves empty are holes by themselves.
      row.fail(column, error)
    }
  }
  const holes = columns.filter((column) => row.differences(column).length > 0)
  const seconds = ((Date.now() - begun) / 1_000).toFixed(1)
  process.stderr.write(`Node ${row.version}: ${holes.join(', ') || 'ok'} (${seconds} s)\n`)
  return row
}

t.test('every way to connect, under every Node', async (t) => {
  t.jobs = 2
  // Nothing is skipped where they cannot be had: they are all that this is about.
  const binaries = await ensureBinaries()
  const rows: Row[] = []
  const all = binaries.map((binary) =>
    t.test(`Node ${binary.version}`, { buffered: true }, async (t) => {
      const row = await fill(binary)
      rows[binaries.indexOf(binary)] = row
      for (const column of columns) t.strictSame(row.differences(column), [], column)
    }),
  )
  await Promise.all(all)
  t.equal(rows.filter(Boolean).length, binaries.length, 'no version is missing')
  t.comment(`Checks by version, and what differs:\n${renderMatrix(columns, rows)}`)
})
