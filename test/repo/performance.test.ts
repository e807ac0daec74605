import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../run-node'

const text = (path: string) => readFileSync(join(root, path), 'utf8')
const results = JSON.parse(text('bench/results.json'))
const readme = text('README.md')

t.test('docs/performance.md is what the bench last wrote', async (t) => {
  const { page } = require(join(root, 'bench/page.cjs')) as { page(results: unknown): string }
  t.equal(text('docs/performance.md'), page(results))
})

t.test('the costs in the README are those that the bench last wrote', async (t) => {
  const { withCosts } = require(join(root, 'bench/readme-costs.cjs')) as {
    withCosts(readme: string, results: unknown): string
  }
  t.equal(withCosts(readme, results), readme)
})

t.test('every part of the results has ours, a baseline, peers and their spread', async (t) => {
  const parts = Object.entries<{ rows: Record<string, unknown>[] }>(results.parts)
  t.ok(parts.length >= 10, `${parts.length} parts`)
  for (const [name, { rows }] of parts) {
    t.ok(rows.length > 0, name)
    for (const row of rows) {
      const figure = { median: Number, quartiles: [Number, Number] }
      t.match(row, { what: String, measure: String, unit: String, ours: figure, peers: {} }, name)
      t.match(row.baseline, figure, `${name}: ${row.what}, ${row.measure}`)
    }
  }
})

t.test('what the README says of probes is what the soak counted', async (t) => {
  const [, packets = '', bytes = ''] =
    /^\| 100,000 \| ([\d,]+) \| ([\d.]+ kB) \|/m.exec(text('docs/probe-traffic.md')) ?? []
  t.match(
    readme.replace(/\s+/g, ' '),
    `100,000 idle connections are ${packets} packets and ${bytes}`,
  )
})
