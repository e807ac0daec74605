import t from 'tap'
import { ensureBinaries } from '../matrix/binaries'
import { assertUnharmed, needSanitizers } from './sanitized'

// `npm run test:matrix` runs this; it is not called *.test.ts, so `npm test` does not.

t.test('a million calls with garbage, under the sanitizers', (t) => {
  if (needSanitizers(t)) assertUnharmed(t, 1_000_000, 20_261_127)
  t.end()
})

t.test('fewer under every Node, whose Node-API is another each time', async (t) => {
  if (!needSanitizers(t)) return
  for (const [index, { version, node }] of (await ensureBinaries()).entries()) {
    t.comment(version)
    assertUnharmed(t, 10_000, index + 1, node)
  }
})
