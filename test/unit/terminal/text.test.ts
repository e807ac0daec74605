import t, { type Test } from 'tap'
import { indent } from '../../../src/terminal/indent'
import { renderJson } from '../../../src/terminal/render-json'
import { say } from '../../../src/terminal/say'
import { renderTable } from '../../../src/terminal/table'
import { createPaint } from '../../../src/terminal/terminal'
import { wrapText } from '../../../src/terminal/wrap-text'
import { hostile, obeyed } from '../../hostile'

/** Whether a line begins with what the name from outside has behind its line break. */
const forged = /^Process 1: forged/m

function assertHarmless(t: Test, text: string) {
  t.strictSame(obeyed(text), [])
  t.notMatch(text, forged)
  t.match(text, /Process 1:\s+forged/, 'it is shown')
}

const plain = createPaint({ write() {} }, {})

t.test('a paragraph holds no line that a value in it made', (t) => {
  assertHarmless(t, wrapText(`The file ${hostile}`))
  assertHarmless(t, indent(`The file ${hostile}`, 4))
  t.equal(wrapText('a\nb'), 'a\\nb')
  t.end()
})

t.test('a sentence is one line', (t) => {
  let said = ''
  say({ write: (text) => (said += text) }, `There is no ${hostile}.`)
  assertHarmless(t, said)
  t.equal(said.indexOf('\n'), said.length - 1)
  t.end()
})

t.test('a table has as many lines as rows, whatever is in its cells', (t) => {
  const columns = [{ title: 'A' }, { title: 'B', align: 'right' as const }, { title: 'C' }]
  const cells = [hostile, { text: 'b\nb', style: 'red' as const }, 'c\nc']
  const rows = [{ cells, details: [hostile] }]
  const text = renderTable(columns, rows, { paint: plain, width: 1_000 })
  assertHarmless(t, text)
  t.equal(text.split('\n').length, 4, 'titles, the row, its detail, and the end')
  const [, row = ''] = text.split('\n')
  t.ok(row.endsWith('  b\\nb  c\\nc'), row)
  const painted = renderTable(columns, rows, {
    paint: createPaint({ write() {}, isTTY: true }, {}),
    width: 1_000,
  })
  t.match(painted, '\x1b[31mb\\nb\x1b[39m')
  t.end()
})

t.test('JSON has nothing in it that would not be seen, and is read back as it was', (t) => {
  const data = { [hostile]: [hostile, null, 1.5, { deep: '"\\' }] }
  for (const indent of [0, 2]) {
    const text = renderJson(data, indent)
    assertHarmless(t, text)
    t.strictSame(JSON.parse(text), data)
    t.equal(text.endsWith('\n'), true)
  }
  t.equal(renderJson([1], 0), '[1]\n')
  t.end()
})
