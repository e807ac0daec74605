import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Case, loadCases } from './cases'
import { readDocs, writeDocs } from './docs'
import { targets } from './network'
import { type Destination, perform } from './perform'
import { type RunningServer, STAND_IN } from './server'
import { createStage, type Stage } from './stage'
import { renderRows, renderTable } from './table'
import { holes, type Result } from './verdict'

// `npm run test:clients` runs this; it is not called *.test.ts, so `npm test` does not. A word of the
// command line chooses the cases with that in their names: `npm run test:clients -- --test-arg=redis`.
// With UPDATE_EXPECTED=1 the table in docs/clients.md is written, and the test fails, so that this is
// never the normal run.

/** They mostly wait. */
const AT_ONCE = 12

const words = process.argv.slice(2)
const cases = loadCases().filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
)

async function destinationsOf(stage: Stage, one: Case): Promise<Destination[]> {
  const ports = await stage.serve(one.server)
  const modes = one.modes ?? ['plain', 'tls']
  return targets.flatMap((target) => {
    const mode = target.tls ? 'tls' : 'plain'
    if (!modes.includes(mode)) return []
    const port = ports[mode]
    if (port === undefined) throw new Error(`The server ${one.server} has no port for ${mode}.`)
    return [{ ...target, port }]
  })
}

async function judge(stage: Stage, one: Case): Promise<Result> {
  const destinations = await destinationsOf(stage, one)
  const [without, hooked] = await Promise.all([
    perform(stage, one, destinations, false),
    perform(stage, one, destinations, true),
  ])
  const wrong = holes({ one, without, hooked })
  process.stderr.write(`${one.name}: ${wrong.length > 0 ? `${wrong.length} holes` : 'ok'}\n`)
  return { one, without, hooked }
}

function realOnes(servers: readonly RunningServer[]): string[] {
  const kinds = new Set(servers.map(({ kind }) => kind))
  return [...kinds].filter((kind) => kind !== STAND_IN).sort()
}

t.test('every client, without the hook and with it', async (t) => {
  t.jobs = AT_ONCE / 2
  const stage = await createStage()
  t.teardown(() => stage.close())
  const nameOf = (name: string): string => {
    if (name === 'node') return `node@${process.versions.node}`
    const file = join(stage.packages, name, 'package.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8'))
    return `${manifest.name}@${manifest.version}`
  }
  // Some take their time; a case that wants one that fails tells of it.
  for (const { server } of cases) stage.serve(server).catch(() => {})
  const results: Result[] = []
  await Promise.all(
    cases.map((one, at) =>
      t.test(one.name, { buffered: true }, async (t) => {
        const result = await judge(stage, one)
        results[at] = result
        t.strictSame(holes(result), [], one.name)
      }),
    ),
  )
  const all = results.filter(Boolean)
  t.equal(all.length, cases.length, 'no case is missing')
  // Not as a comment of the test, which tap does not show on a terminal.
  process.stderr.write(`\n${renderTable(all, nameOf)}\n\n`)
  if (words.length > 0) return

  const rows = renderRows(all, nameOf)
  if (process.env.UPDATE_EXPECTED === '1') {
    const servers = await Promise.all(cases.map(({ server }) => stage.serve(server)))
    writeDocs(rows, realOnes(servers))
    t.fail('docs/clients.md was written')
    return
  }
  const docs = readDocs()
  if (docs.node === process.versions.node) t.strictSame(docs.rows, rows, 'docs/clients.md')
  else t.comment(`docs/clients.md is of Node ${docs.node}, and was not compared.`)
})
