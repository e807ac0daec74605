import t from 'tap'
import { type Row, renderTable } from '../../../src/terminal/table'
import { createPaint } from '../../../src/terminal/terminal'

const plain = createPaint({ write() {} }, {})
const columns = [{ title: 'Name' }, { title: 'N', align: 'right' as const }, { title: 'What' }]
const row = (cells: Row['cells'], details: string[] = []): Row => ({ cells, details })

t.test('columns are as wide as their longest cell, and numbers end below each other', (t) => {
  const rows = [row(['a', '7', 'one']), row(['longer', '1234', 'two'])]
  t.equal(
    renderTable(columns, rows, { paint: plain, width: 80 }),
    `Name       N  What
a          7  one
longer  1234  two
`,
  )
  t.end()
})

t.test('the last column is wrapped below itself, and a detail goes across', (t) => {
  const rows = [row(['a', '7', 'one two three'], ['a detail that is long'])]
  t.equal(
    renderTable(columns, rows, { paint: plain, width: 17 }),
    `Name  N  What
a     7  one two
         three
    a detail that
    is long
`,
  )
  t.end()
})

t.test('several tables are aligned by the rows that both have', (t) => {
  const short = [row(['a', '7', 'one'])]
  const look = { paint: plain, width: 80, among: [...short, row(['longer', '1234', 'two'])] }
  t.equal(renderTable(columns, short, look), 'Name       N  What\na          7  one\n')
  t.end()
})

t.test('a colour costs no width', (t) => {
  const rows = [row(['a', '7', 'one']), row([{ text: 'bb', style: 'red' }, '8', 'two'])]
  const paint = createPaint({ write() {}, isTTY: true }, {})
  const painted = renderTable(columns, rows, { paint, width: 80 })
  t.match(painted, '\x1b[31mbb\x1b[39m')
  t.equal(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    painted.replace(/\x1b\[\d+m/g, ''),
    renderTable(columns, rows, { paint: plain, width: 80 }),
  )
  t.end()
})
