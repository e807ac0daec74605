import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { profiles } from '../../src/settings/profiles'
import { register, root, runNode } from '../run-node'

const { render } = require('../../scripts/limits-page.cjs')

t.test('docs/limits.md is what the table says', (t) => {
  const page = readFileSync(join(root, 'docs/limits.md'), 'utf8')
  t.equal(page, render(profiles), 'write it anew: node scripts/limits-page.cjs')
  t.end()
})

t.test('every row of it has a source with an address, and a date', (t) => {
  const page = readFileSync(join(root, 'docs/limits.md'), 'utf8')
  for (const { id, source, url, checkedOn } of profiles) {
    const row = page.split('\n').filter((line) => line.startsWith(`| \`${id}\` |`))
    t.equal(row.length, 1, id)
    t.ok(row[0]?.endsWith(`| [${source}](${url}), ${checkedOn} |`), id)
  }
  t.end()
})

t.test('profiles.json is the table for those who read no JavaScript', (t) => {
  const { version } = require('../../package.json')
  const table = JSON.parse(readFileSync(join(root, 'profiles.json'), 'utf8'))
  t.strictSame(table, { schema: 1, version, profiles: JSON.parse(JSON.stringify(profiles)) })
  t.end()
})

t.test('a program under the hook does not load the table', async (t) => {
  const script = `
    const net = require('node:net')
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      net.connect(server.address().port, '127.0.0.1', function () {
        this.destroy()
        server.close()
        console.log(Object.keys(require.cache).filter((path) => /middleboxes/.test(path)).length)
      })
    })
  `
  const loaded = async (env: Record<string, string>) =>
    (await runNode(['-r', register, '-e', script], { env })).stdout.trim()
  t.equal(await loaded({}), '0')
  t.equal(await loaded({ NAT_KEEPALIVE_LIMIT: '1m' }), '0')
  t.not(await loaded({ NAT_KEEPALIVE_PROFILE: 'aws-nlb' }), '0', 'whoever names one does')
})
