import { join } from 'node:path'
import t from 'tap'
import { renderProfiles, run } from '../../../../src/cli/commands/profiles'
import { profiles } from '../../../../src/settings/profiles'
import { createPaint, type Output } from '../../../../src/terminal/terminal'
import { root, runNode } from '../../../run-node'
import { matchExpected } from './expected'

const plain = createPaint({ write() {} }, {})

async function show(known: Partial<Output>, json = false, filter?: string): Promise<string> {
  let text = ''
  const stdout: Output = {
    ...known,
    write(part: string) {
      text += part
    },
  }
  const operands = filter === undefined ? [] : [filter]
  const code = await run({ json }, { stdout, stderr: { write() {} }, paint: plain }, { operands })
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
  for (const { id, name, limitSeconds, behaviour, configurable, source, checkedOn } of profiles) {
    t.match(text, `${id} ${limitSeconds} s ${name} ${behaviour}`)
    if (configurable !== null) t.match(text, `Configurable: ${configurable}.`)
    t.match(text, `Source: ${source}; checked on ${checkedOn}.`)
  }
})

t.test('where probes do not count stands apart, and only that', async (t) => {
  const text = await show({})
  const [within = '', beyond = ''] = text.split('Where keepalive probes do not count')
  for (const { id, probes } of profiles) {
    const row = new RegExp(`^${id} `, 'm')
    t.equal(row.test(within), probes === 'count', id)
    t.equal(row.test(beyond), probes !== 'count', id)
  }
})

t.test('a FILTER finds what has it in its id or name', async (t) => {
  const ids = async (filter: string) => {
    const { profiles: found } = JSON.parse(await show({}, true, filter))
    return found.map(({ id }: { id: string }) => id)
  }
  t.same(await ids('swarm'), ['ipvs'])
  t.same(await ids('AZURE-FIREWALL'), ['azure-firewall', 'azure-firewall-east-west'])
  const text = await show({}, false, 'docker-desktop')
  t.match(text, /^Where keepalive probes do not count\n/)
  t.match(text, 'Probes are answered, and reset nothing.')
  t.notMatch(text, 'nat-gateway')
  t.notMatch(text, 'Without a profile')
  const none = await runNode([join(root, 'dist', 'bin.js'), 'profiles', 'nobody'])
  t.match(none, { code: 1, stdout: '' })
  t.match(none.stderr, 'No middlebox has "nobody" in its id or name.')
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
