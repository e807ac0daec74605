import * as client from 'prom-client'
import t from 'tap'
import { createMetrics } from '../../../src/exporter/metrics'
import type { SeenMachine } from '../../../src/exporter/seen'

const values = (text: string) =>
  text.split('\n').filter((line) => /^nat_keepalive_(?!look_|last_|exporter_|limit)/.test(line))

const sockets = [
  { verdict: 'at-risk', idleMs: 1_500 },
  { verdict: 'safe', idleMs: null },
] as const
const machine: SeenMachine = {
  processes: [
    {
      command: 'node "x"\n.js',
      node: true,
      hook: null,
      container: { id: 'abc' },
      pod: 'web-0',
      sockets,
    },
  ],
  unseen: [
    { reason: 'other-user', count: 3 },
    { reason: 'hidden', count: null },
  ],
}

t.test('what is seen, what is not, and what cannot be counted', async (t) => {
  let seen: SeenMachine | null = machine
  const look = () => {
    if (seen === null) throw new Error('no /proc')
    return seen
  }
  const metrics = createMetrics(client, { limitMs: 350_000, cap: 10, look })
  const text = await metrics.scrape()
  const labels =
    'command="node \\"x\\"\\n.js",runtime="node",hook="none",container="abc",pod="web-0"'
  t.strictSame(values(text), [
    'nat_keepalive_label_sets_limit 10',
    'nat_keepalive_up 1',
    `nat_keepalive_connections{${labels},verdict="safe"} 1`,
    `nat_keepalive_connections{${labels},verdict="unknown"} 0`,
    `nat_keepalive_connections{${labels},verdict="at-risk"} 1`,
    `nat_keepalive_connections{${labels},verdict="dying"} 0`,
    `nat_keepalive_processes{${labels}} 1`,
    `nat_keepalive_oldest_idle_seconds{${labels}} 1.5`,
    'nat_keepalive_unseen_processes{reason="other-user"} 3',
    'nat_keepalive_blind{reason="hidden"} 1',
    'nat_keepalive_label_sets_folded 0',
    'nat_keepalive_textfile_failures_total 0',
  ])
  t.match(text, /^nat_keepalive_limit_seconds 350$/m)
  t.match(text, /^nat_keepalive_exporter_info\{version="\d.*"\} 1$/m)

  seen = { processes: [], unseen: [] }
  t.notMatch(
    await metrics.scrape(),
    /^nat_keepalive_(connections|unseen_processes|blind)\{/m,
    'gone',
  )
  seen = machine
  await metrics.scrape()
  seen = null
  const blind = await metrics.scrape()
  t.match(blind, /^nat_keepalive_up 0$/m)
  t.match(blind, /^nat_keepalive_look_failures_total 1$/m)
  t.notMatch(blind, /^nat_keepalive_(connections|processes|unseen_processes)\{/m, 'and nothing old')
  metrics.written(false)
  t.match(await metrics.scrape(), /^nat_keepalive_textfile_failures_total 1$/m)
})
