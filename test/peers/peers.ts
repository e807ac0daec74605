import t from 'tap'
import { chosenNode } from '../core/chosen-node'
import type { Result } from '../core/compare-tests'
import { survey } from '../core/survey'
import { needLab } from '../lab/need-lab'
import { ensurePackages } from '../packages'
import { compareSuites } from './compare-suites'
import { ensureSuites } from './ensure-suites'
import { namedDifferences } from './named-differences'
import type { Suite } from './suite'
import { suites } from './suites'

// `npm run test:peers` runs this; it is not called *.test.ts, so `npm test` does not. PEERS_NODE=24
// takes the newest 24 of the matrix instead of the Node that runs it, PEERS=ws,mysql only those suites.

t.test('the tests of clients, without the hook and with it', async (t) => {
  if (!needLab(t)) return
  const { node, version } = await chosenNode(process.env.PEERS_NODE)
  const wanted = process.env.PEERS?.split(',')
  const { folders, missing } = await ensureSuites(
    suites.filter(({ name }) => wanted?.includes(name) ?? true),
  )
  // What no server has, no machine can run.
  for (const sentence of missing) t.pass(sentence, { skip: true })
  const packages = await ensurePackages(__dirname)
  const begun = Date.now()
  const results: Result[] = []
  for (const [since, some] of bySince(folders, Number.parseInt(version, 10))) {
    const newer = since === undefined ? null : await chosenNode(`${since}`)
    if (newer) t.comment(`Node ${newer.version} runs ${[...some.keys()].map(({ name }) => name)}.`)
    results.push(...(await compareSuites(newer?.node ?? node, packages, some)))
  }
  if (results.length === 0 && missing.length > 0) return
  const seconds = Math.round((Date.now() - begun) / 1_000)
  const { text, complaints } = survey(results, namedDifferences)
  t.comment(`Node ${version}, in ${seconds} s:\n${text}`)
  t.strictSame(complaints, [], 'only what has a name differs')
})

/** Those that ask for a newer Node than `major`, by the one they ask for, apart from the others. */
function bySince(folders: ReadonlyMap<Suite, string>, major: number) {
  const groups = new Map<number | undefined, Map<Suite, string>>()
  for (const [suite, folder] of folders) {
    const since = suite.since !== undefined && suite.since > major ? suite.since : undefined
    const group = groups.get(since) ?? new Map<Suite, string>()
    groups.set(since, group.set(suite, folder))
  }
  return groups
}
