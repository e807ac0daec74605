import { join } from 'node:path'
import t from 'tap'
import { register, root, runNode } from '../run-node'
import { type Look, setsProbes } from '../ways-expected'
import { ensureBinaries } from './binaries'

// `npm run test:matrix` runs this; it is not called *.test.ts, so `npm test` does not.
// What the native part puts on connections of a Node that takes only a delay: interval and number of
// probes, in every way to connect, in flight, pooled and reused, and after each call that resets them.

/** As the delay is a second, that is when it is done. The rest follows from six minutes of patience. */
const env = { NAT_KEEPALIVE_DELAY: '1s', WAYS_INTERVAL: '3' }
const expected = { on: true, interval: 3, count: 120 }

const WAYS = join(root, 'test/fixtures/ways.cjs')

t.test('the schedule is kept on every Node, whatever it takes', async (t) => {
  const binaries = (await ensureBinaries())
    .filter(({ version }) => !setsProbes(version))
    // With the hook and without it its https server resets a request that waits for a second.
    .filter(({ version }) => version !== '18.0.0')
  t.jobs = 3
  await Promise.all(
    binaries.map(({ version, node }) =>
      t.test(version, { buffered: true, timeout: 600_000 }, async (t) => {
        const run = await runNode(['-r', register, WAYS], { node, env, timeoutMs: 580_000 })
        t.equal(run.stderr, '')
        const looks = JSON.parse(run.stdout || '[]') as Look[]
        t.ok(looks.length > 30, `${looks.length} looks`)
        for (const { way, moment, options } of looks)
          t.match(options, [expected], `${way}: ${moment}`)
      }),
    ),
  )
})
