import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadCases } from './cases'
import { readDocs } from './docs'

const manifest = readFileSync(join(__dirname, 'package.json'), 'utf8')
const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> }

/** `redis@4.7.1` of `redis4`, which the manifest has as `npm:redis@4.7.1`. */
function locked(name: string): string {
  const wanted = dependencies[name] ?? 'nothing'
  return wanted.startsWith('npm:') ? wanted.slice('npm:'.length) : `${name}@${wanted}`
}

t.test('docs/clients.md has a row for every case, with the package that is locked', async (t) => {
  const { rows, node } = readDocs()
  const cells = rows.slice(2).map((row) => row.split('|').map((cell) => cell.trim()))
  const told = cells.map(([, client, name]) => `${client}: ${name}`)
  const wanted = loadCases().map(({ name, package: from }) =>
    from === 'node' ? `${name}: node@${node}` : `${name}: ${locked(from)}`,
  )
  t.ok(wanted.length > 90, `${wanted.length} cases`)
  t.strictSame(told, wanted)
})

t.test('every package of the manifest belongs to a case, or to a stand-in', async (t) => {
  const inStandIns = ['@smithy/node-http-handler', 'socket.io']
  const used = new Set([...loadCases().map(({ package: from }) => from), ...inStandIns])
  t.strictSame(
    Object.keys(dependencies).filter((name) => !used.has(name)),
    [],
  )
})
