import t from 'tap'
import { chosenNode } from '../core/chosen-node'
import { survey } from '../core/survey'
import { needLab } from '../lab/need-lab'
import { ensurePackages } from '../packages'
import { compareSuites } from './compare-suites'
import { ensureSuites } from './ensure-suites'
import { namedDifferences } from './named-differences'
import { suites } from './suites'

// `npm run test:peers` runs this; it is not called *.test.ts, so `npm test` does not. PEERS_NODE=24
// takes the newest 24 of the matrix instead of the Node that runs it, PEERS=ws,mysql only those suites.

t.test('the tests of clients, without the hook and with it', async (t) => {
  if (!needLab(t)) return
  const { node, version } = await chosenNode(process.env.PEERS_NODE)
  const major = Number.parseInt(version, 10)
  const wanted = process.env.PEERS?.split(',')
  const chosen = suites.filter(
    ({ name, since = 0 }) => major >= since && (wanted?.includes(name) ?? true),
  )
  const packages = await ensurePackages(__dirname)
  const { folders, missing } = await ensureSuites(chosen)
  const begun = Date.now()
  const results = await compareSuites(node, packages, folders)
  const seconds = Math.round((Date.now() - begun) / 1_000)
  const { text, complaints } = survey(results, namedDifferences)
  t.comment(`Node ${version}, in ${seconds} s:\n${text}`)
  t.strictSame([...missing, ...complaints], [], 'only what has a name differs')
})
