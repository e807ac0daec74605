import t from 'tap'
import { renderSideBySide } from '../../../src/demo/side-by-side'
import { createPaint } from '../../../src/terminal/terminal'
import { hostile, obeyed } from '../../hostile'

const plain = createPaint({ write() {} }, {})

t.test('a label and two sides, with the second ones below each other', (t) => {
  const text = renderSideBySide(
    [
      ['a', 'b', 'c'],
      ['long label', { text: 'd' }, 'e'],
    ],
    plain,
  )
  const [head = '', ...lines] = text.trimEnd().split('\n')
  t.match(head, /^ +without nat-keepalive +with nat-keepalive$/)
  const second = head.lastIndexOf('with nat-keepalive')
  t.strictSame(
    lines.map((line) => line.slice(second)),
    ['c', 'e'],
  )
  t.end()
})

t.test('colours cost no width, and what comes from outside makes no line', (t) => {
  const lines = [['a', { text: 'b', style: 'red' as const }, hostile]] as const
  const painted = renderSideBySide(lines, createPaint({ write() {}, isTTY: true }, {}))
  t.match(painted, '\x1b[31mb\x1b[39m')
  const text = renderSideBySide(lines, plain)
  t.strictSame(obeyed(text), [])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.equal(painted.replace(/\x1b\[\d+m/g, ''), text)
  t.end()
})
