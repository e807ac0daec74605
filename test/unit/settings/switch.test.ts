import t from 'tap'
import { parseSwitch } from '../../../src/settings/switch'

t.test('the words that switch something on and off, in any case', (t) => {
  const table: readonly [boolean, readonly string[]][] = [
    [true, ['on', '1', 'true', 'yes', 'enabled']],
    [false, ['off', '0', 'false', 'no', 'disabled']],
  ]
  for (const [value, words] of table) {
    for (const word of words) {
      for (const written of [word, word.toUpperCase(), ` ${word}\t`, `\n${word}`]) {
        t.equal(parseSwitch(written), value, JSON.stringify(written))
      }
    }
  }
  t.end()
})

t.test('everything else is no such word', (t) => {
  for (const text of [
    '',
    ' ',
    'o',
    'offf',
    'on off',
    '00',
    '10',
    '-0',
    'nope',
    'oﬀ',
    '０',
    'null',
  ]) {
    t.equal(parseSwitch(text), null, JSON.stringify(text))
  }
  t.end()
})
