import t from 'tap'
import { printable, quoted } from '../../../src/process/printable'

t.test('what would not be seen is escaped as JSON does, and nothing else is', (t) => {
  const table: readonly [string, string][] = [
    ['', ''],
    ['db.internal:5432', 'db.internal:5432'],
    ['C:\\programs\\"app"', 'C:\\programs\\"app"'],
    ['zażółć 例え العربية 💣', 'zażółć 例え العربية 💣'],
    ['a\nb\r\tc\b\f', 'a\\nb\\r\\tc\\b\\f'],
    ['\0\x1b[31m\x7f', '\\u0000\\u001b[31m\\u007f'],
    ['\x80\x85\x9b0m\x9f', '\\u0080\\u0085\\u009b0m\\u009f'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\u202eright to left\u202c', '\\u202eright to left\\u202c'],
    ['\u061c\u200e\u200f\u2066\u2069', '\\u061c\\u200e\\u200f\\u2066\\u2069'],
    ['\u200b\u200d\u2060\ufeff\u00ad\u3164', '\\u200b\\u200d\\u2060\\ufeff\\u00ad\\u3164'],
    ['\u00a0\u2003\u3000', '\\u00a0\\u2003\\u3000'],
    ['\ud800 \udc00', '\\ud800 \\udc00'],
    ['\u{e0041}', '\\udb40\\udc41'],
  ]
  for (const [text, shown] of table) {
    t.equal(printable(text), shown)
    t.equal(printable(shown), shown, 'twice is no more than once')
  }
  t.end()
})

t.test('every character of the classes that Unicode calls unseen is escaped', (t) => {
  const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?! )\p{Zs}|\p{Default_Ignorable_Code_Point}/u
  // Marks that are drawn although they are of class Cf: they stand before the digits they enclose.
  const left: string[] = []
  for (let point = 0; point <= 0x10ffff; point++) {
    const character = String.fromCodePoint(point)
    if (unseen.test(character) && printable(character) === character) left.push(point.toString(16))
  }
  const drawn = ['110bd', '110cd']
  const hieroglyphs = left.filter((point) => /^134[345]/.test(point))
  t.strictSame(left, [...drawn, ...hieroglyphs])
  t.end()
})

t.test('what is too long is cut, never in the middle of an escape or a pair', (t) => {
  const table: readonly [string, number, string][] = [
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcde...'],
    ['abc', 0, '...'],
    ['', 0, ''],
    ['a\u0000', 7, 'a\\u0000'],
    ['a\u0000', 6, 'a...'],
    ['a💣b', 2, 'a...'],
    ['a💣b', 3, 'a💣...'],
    ['\n\n\n', 5, '\\n\\n...'],
  ]
  for (const [text, maxLength, shown] of table) t.equal(printable(text, maxLength), shown)
  t.end()
})

t.test('only the beginning of a long text is looked at', (t) => {
  const text = '\u0000💣'.repeat(10_000_000)
  const before = process.cpuUsage().user
  for (let time = 0; time < 1_000; time++) printable(text, 80)
  // A thousand times the whole of it would be many minutes.
  t.ok(process.cpuUsage().user - before < 10_000_000)
  t.end()
})

t.test('between quotation marks nothing ends them early', (t) => {
  t.equal(quoted('say "45"\\'), '"say \\"45\\"\\\\"')
  t.equal(quoted('a"b', 2), '"a..."')
  t.equal(quoted('a\u2028b'), '"a\\u2028b"')
  for (const text of ['a"b\\c', '\u001b[2J\u009b', '\ud800"\\n', 'plain']) {
    t.equal(JSON.parse(quoted(text)), text)
  }
  t.end()
})
