import t from 'tap'
import { checks } from '../safety/checks'
import { ensureBinaries } from './binaries'

// `npm run test:matrix` runs this; it is not called *.test.ts, so `npm test` does not.

t.test('what is promised to a program, under every Node', async (t) => {
  for (const { version, node } of await ensureBinaries()) {
    await t.test(`Node ${version}`, async (t) => {
      for (const [name, check] of Object.entries(checks)) {
        await t.test(name, (t) => check(t, node))
      }
    })
  }
})
