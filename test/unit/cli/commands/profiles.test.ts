import { join } from 'node:path'
import t from 'tap'
import { renderProfiles, run } from '../../../../src/cli/commands/profiles'
import { profiles } from '../../../../src/settings/profiles'
import { createPaint, type Output } from '../../../../src/terminal/terminal'
import { root, runNode } from '../../../run-node'
import { matchExpected } from './expected'

const plain = createPaint({ write() {} }, {})

async function show(known: Partial<Output>, json = false): Promise<string> {
  let text = ''
  const stdout: Output = {
    ...known,
    write(part: string) {
      text += part
    },
  }
  const code = await run({ json }, { stdout, stderr: { write() {} }, paint: plain })
  t.equal(code, 0)
  return text
}

t.test('the whole table, in a pipe', async (t) => {
  const text = await show({})
  matchExpected(t, text, 'profiles.txt')
  for (const row of text.split('\n')) {
    t.ok(row.length <= 80, row)
    t.equal(row, row.trimEnd())
  }
})

t.test('every middlebox is there, with all that is known', async (t) => {
  const text = (await show({})).replace(/\s+/g, ' ')
  for (const { id, name, limitSeconds, behaviour, source, checkedOn } of profiles) {
    t.match(text, `${id} ${limitSeconds} s ${name} ${behaviour}`)
    t.match(text, `Source: ${source}; checked on ${checkedOn}.`)
  }
})

t.test('layer 7 stands apart, and only there', async (t) => {
  const text = await show({})
  const [within = '', beyond = ''] = text.split('Out of reach of keepalive probes (layer 7)')
  for (const { id, layer } of profiles) {
    const row = new RegExp(`^${id} `, 'm')
    t.equal(row.test(within), layer === 4, id)
    t.equal(row.test(beyond), layer === 7, id)
  }
})

t.test('limits stand under each other', async (t) => {
  const ends = [...(await show({})).matchAll(/^[a-z][\w-]+ +\d+ s(?= {2}\S)/gm)].map(
    ([row]) => row.length,
  )
  t.equal(ends.length, profiles.length)
  t.equal(new Set(ends).size, 1)
})

t.test('a wider terminal is used, a wider pipe or a narrower terminal is not', async (t) => {
  const longest = (text: string) => Math.max(...text.split('\n').map((row) => row.length))
  const wide = longest(await show({ isTTY: true, columns: 120 }))
  t.ok(wide > 80 && wide <= 120, String(wide))
  t.ok(longest(await show({ columns: 120 })) <= 80)
  t.equal(await show({ isTTY: true, columns: 40 }), await show({}))
})

t.test('--json is the table as data', async (t) => {
  const bin = join(root, 'dist', 'bin.js')
  const { code, stdout, stderr } = await runNode([bin, 'profiles', '--json'])
  t.strictSame([code, stderr], [0, ''])
  t.strictSame(JSON.parse(stdout), { schema: 1, profiles: JSON.parse(JSON.stringify(profiles)) })
})

t.test('colour carries no meaning alone', (t) => {
  const coloured = createPaint({ write() {}, isTTY: true }, {})
  const text = renderProfiles(profiles, { paint: coloured, width: 80 })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
  const stripped = text.replace(/\x1b\[\d+m/g, '')
  t.not(text, stripped)
  t.equal(stripped, renderProfiles(profiles, { paint: plain, width: 80 }))
  t.end()
})
