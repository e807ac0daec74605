import t from 'tap'
import { needLab } from '../lab/need-lab'
import { chosenNode } from './chosen-node'
import { compareTests } from './compare-tests'
import { readCoreTests } from './core-test'
import { namedDifferences } from './named-differences'
import { ensureNodeTests } from './node-tests'
import { createPlace } from './place'
import { survey } from './survey'

// `npm run test:core` runs this; it is not called *.test.ts, so `npm test` does not. CORE_NODE=18
// takes the newest 18 of the matrix instead of the Node that runs it.

t.test("Node's own network tests, without the hook and with it", async (t) => {
  if (!needLab(t)) return
  const { node, version } = await chosenNode(process.env.CORE_NODE)
  const tests = await ensureNodeTests(Number.parseInt(version, 10))
  const begun = Date.now()
  const results = await compareTests(() => createPlace(node), readCoreTests(tests.folder))
  const seconds = Math.round((Date.now() - begun) / 1_000)
  const { text, complaints } = survey(results, namedDifferences)
  t.comment(`Node ${version}, the tests of ${tests.version}, in ${seconds} s:\n${text}`)
  t.strictSame(complaints, [], 'only what has a name differs')
})
