import t from 'tap'
import { cutLine } from '../../../src/terminal/cut-line'

const red = (text: string) => `\x1b[31m${text}\x1b[39m`

const table: readonly [line: string, width: number, cut: string][] = [
  ['', 0, ''],
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['abcd', 1, '…'],
  [red('abc'), 3, red('abc')],
  [red('abcd'), 3, red('ab…')],
  [`${red('ab')}cd`, 4, `${red('ab')}cd`],
  [`${red('ab')}cd`, 3, `${red('ab…')}`],
  [`${red('ab')}cde`, 4, `${red('ab')}c…`],
  [`a${red('bcd')}${red('efg')}`, 3, `a${red('b…')}${red('')}`],
]

t.test('a line is cut by its cells, and the colours end', (t) => {
  for (const [line, width, cut] of table) t.equal(cutLine(line, width), cut, JSON.stringify(line))
  t.end()
})
