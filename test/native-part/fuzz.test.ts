import t from 'tap'
import { assertUnharmed, build, needSanitizers, run, source } from './sanitized'

/** What a mistake in the source would look like, and what finds it. */
const mistakes: readonly [string, string, string, RegExp][] = [
  [
    'a length unchecked',
    '&& *length >= least',
    '',
    /wrong arguments|wrote outside|AddressSanitizer/,
  ],
  ['a type unchecked', '&& found == type', '', /wrong arguments|wrote outside|AddressSanitizer/],
  ['fractions', 'return *value == number;', 'return 1;', /wrong arguments/],
  [
    'no range',
    'if (!(number >= least && number <= most)) return 0;',
    '',
    /outside the range|wrong arg/,
  ],
  ['no lower end', 'number >= least && ', '', /wrong arguments|outside the range/],
  ['a word too many', 'i < WORDS', 'i <= WORDS', /wrote outside of its Uint32Array/],
  [
    'an argument too many',
    'napi_value at[6];',
    'napi_value at[5];',
    /out of bounds|AddressSanitizer/,
  ],
  ['a shorter buffer', 'NAPI_UINT8_ARRAY, 8192', 'NAPI_UINT8_ARRAY, 64', /wrong arguments/],
]

t.test('calls with garbage, under the sanitizers', (t) => {
  // A million of them are in fuzz.ts.
  if (needSanitizers(t)) assertUnharmed(t, 100_000, 1)
  t.end()
})

t.test('mistakes that it has to find', (t) => {
  if (!needSanitizers(t)) return t.end()
  for (const [name, right, wrong, found] of mistakes) {
    t.equal(source.split(right).length, 2, `${name}: it is in one place`)
    const addon = build(t, source.replace(right, wrong))
    const { code, signal, said } = run(addon, 30_000, 1)
    t.ok(code !== 0 || signal !== null, name)
    t.match(said, found, name)
  }
  t.end()
})
