import t from 'tap'
import { indent } from '../../../src/terminal/indent'

t.test('every line begins with so many blanks, and ends within the width', (t) => {
  t.equal(indent('aa bb cc', 2, 7), '  aa bb\n  cc\n')
  t.equal(indent('aa', 0), 'aa\n')
  const lines = indent('word '.repeat(60), 4).split('\n').slice(0, -1)
  t.ok(lines.length > 1)
  for (const line of lines) {
    t.match(line, /^ {4}\S/)
    t.ok(line.length <= 80)
  }
  t.end()
})
