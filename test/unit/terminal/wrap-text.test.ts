import t from 'tap'
import { wrapText } from '../../../src/terminal/wrap-text'

t.test('text is wrapped between words, never in a command', (t) => {
  t.equal(wrapText('a bc def', 4), 'a bc\ndef')
  t.equal(wrapText('abcdef g', 4), 'abcdef\ng')
  t.equal(wrapText('run `a b c`. Yes.', 6), 'run\n`a b c`.\nYes.')
  t.equal(wrapText(''), '')
  t.equal(wrapText('ab cd', 5), 'ab cd', 'a line may be as long as the width')
  t.equal(wrapText('  a   b  '), 'a b', 'blanks are between words only')
  t.end()
})

t.test('a new line in the text begins no line', (t) => {
  t.equal(wrapText('a\nb'), 'a\\nb')
  t.end()
})

t.test('a width of 80 where none is given', (t) => {
  const text = 'word '.repeat(40).trim()
  const [first = ''] = wrapText(text).split('\n')
  t.equal(first.length, 79)
  t.end()
})
