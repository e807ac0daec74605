import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseWarnings, renderWarning, run } from '../../../../src/cli/commands/explain'
import type { Code } from '../../../../src/findings/finding'
import { createPaint } from '../../../../src/terminal/terminal'
import { UsageError } from '../../../../src/terminal/usage-error'
import { root } from '../../../run-node'
import { matchExpected } from './expected'

const plain = createPaint({ write() {} }, {})
const page = readFileSync(join(root, 'docs/warnings.md'), 'utf8')

async function explain(operands: string[], values = {}): Promise<string> {
  let text = ''
  const stdout = {
    write(part: string) {
      text += part
    },
  }
  t.equal(await run(values, { stdout, stderr: { write() {} }, paint: plain }, { operands }), 0)
  return text
}

/** Those that the code can give; the compiler sees that none is missing. */
const codes: Record<Code, true> = {
  NKA001: true,
  NKA002: true,
  NKA101: true,
  NKA201: true,
  NKA202: true,
  NKA203: true,
  NKA205: true,
  NKA301: true,
  NKA302: true,
  NKA303: true,
}

t.test(
  'every code has a section: what was seen, what it means, what to do, how to silence it',
  (t) => {
    const sections = new Map(parseWarnings(page).map((section) => [section.code, section]))
    for (const code of Object.keys(codes)) {
      const { title = '', paragraphs = [] } = sections.get(code) ?? {}
      t.match(title, /^[A-Z].*\.$/, code)
      for (const part of ['Seen', 'Means', 'Do', 'Silence']) {
        t.ok(
          paragraphs.some((paragraph) => paragraph.startsWith(`*${part}*`)),
          `${code}: ${part}`,
        )
      }
    }
    t.end()
  },
)

t.test('a section, as it is printed', async (t) => {
  const text = await explain(['nka301'])
  matchExpected(t, text, 'explain.txt')
  for (const line of text.split('\n')) t.ok(line.length <= 80, line)
  t.notMatch(text, /\*/)
})

t.test('the label of a paragraph is bold on a terminal', async (t) => {
  const [warning] = parseWarnings(
    '## NKA900\n\n**A title.**\n\n*Seen*: something.\n\nMore of it.\n',
  )
  t.ok(warning)
  if (warning) {
    const bold = createPaint({ write() {}, isTTY: true }, {})
    const on = (text: string) => `\x1b[1m${text}\x1b[22m`
    const expected = `${on('NKA900')}  A title.\n\n${on('Seen')}: something.\n\nMore of it.\n`
    t.equal(renderWarning(warning, bold), expected)
  }
})

t.test('without a code there is a list, a line each', async (t) => {
  const lines = (await explain([])).trimEnd().split('\n')
  t.equal(lines.length, parseWarnings(page).length)
  for (const line of lines) t.match(line, /^NKA\d{3} {2}[A-Z].*\.$/)
})

t.test('as data', async (t) => {
  const { schema, warnings } = JSON.parse(await explain(['NKA001'], { json: true }))
  t.strictSame([schema, warnings.length, warnings[0].code], [1, 1, 'NKA001'])
})

t.test('an unknown code names the nearest', async (t) => {
  await t.rejects(
    explain(['NKA999999999999999']),
    new UsageError('The code "NKA999999999999999" is unknown.'),
  )
  await t.rejects(explain(['NKA30']), { message: /is unknown, perhaps NKA3\d\d was meant\./ })
  await t.rejects(explain(['NKA301', 'x']), { message: 'The argument "x" is one too many.' })
})
