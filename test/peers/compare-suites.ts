import { compareTests, type Result } from '../core/compare-tests'
import { createPlace, type Place } from '../core/place'
import { peerTest, readPeerTests } from './peer-tests'
import { startServer } from './servers'
import type { Suite } from './suite'

/** The slowest take 20 s on a machine that does nothing else. */
const TIMEOUT_MS = 60_000

/** Places with a server at a time. */
const JOBS_WITH_SERVER = 3

/**
 * Runs the tests of every suite by the executable `node`, without the hook and with it. `folders` are
 * where their sources are, `packages` the node_modules with what they need.
 */
export async function compareSuites(
  node: string,
  packages: string,
  folders: ReadonlyMap<Suite, string>,
): Promise<Result[]> {
  const bare = () => createPlace(node, { packages, timeoutMs: TIMEOUT_MS })
  const all = [...folders]
  const alone = all.filter(([{ server }]) => server === undefined)
  const results = await compareTests(
    bare,
    alone.flatMap(([suite, folder]) => readPeerTests(suite, folder)),
  )
  for (const [suite, folder] of all) {
    if (suite.server === undefined) continue
    const served = () => withServer(bare, suite, folder)
    results.push(...(await compareTests(served, readPeerTests(suite, folder), JOBS_WITH_SERVER)))
  }
  return results
}

/** Makes a place with the server of a suite, filled. */
async function withServer(
  create: () => Promise<Place>,
  suite: Suite,
  folder: string,
): Promise<Place> {
  const place = await create()
  try {
    if (suite.server) await startServer(suite.server, place)
    if (suite.fillServer) {
      const filled = await place.run(peerTest(suite, folder, suite.fillServer), 'bare')
      if (filled.status !== 'passed') {
        throw new Error(`${suite.fillServer} of ${suite.name} failed: ${filled.stderr}`)
      }
    }
    return place
  } catch (error) {
    await place.close()
    throw error
  }
}
