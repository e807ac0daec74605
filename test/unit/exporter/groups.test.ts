import t from 'tap'
import { groupProcesses } from '../../../src/exporter/groups'
import type { SeenProcess, SeenSocket } from '../../../src/exporter/seen'

function process(command: string, verdict: SeenSocket['verdict'], more: Partial<SeenProcess> = {}) {
  const sockets = [{ verdict, idleMs: null }]
  return { command, node: true, hook: null, container: null, pod: null, sockets, ...more }
}

t.test('processes with the same labels are one group', (t) => {
  const { groups, folded } = groupProcesses(
    [
      process('node a.js', 'safe', { sockets: [{ verdict: 'safe', idleMs: 5 }] }),
      process('node a.js', 'dying', { sockets: [{ verdict: 'dying', idleMs: 9 }] }),
      process('node a.js', 'safe', { hook: { version: '1.2.3' } }),
      process('', 'unknown', {
        node: null,
        hook: { version: null },
        container: { id: 'c' },
        pod: 'p',
      }),
      process('python3', 'safe', { node: false }),
    ],
    10,
  )
  t.equal(folded, 0)
  const none = { safe: 0, unknown: 0, 'at-risk': 0, dying: 0 }
  const plain = { command: 'node a.js', runtime: 'node', hook: 'none', container: '', pod: '' }
  t.strictSame(groups, [
    { labels: plain, processes: 2, verdicts: { ...none, safe: 1, dying: 1 }, oldestIdleMs: 9 },
    {
      labels: { ...plain, hook: '1.2.3' },
      processes: 1,
      verdicts: { ...none, safe: 1 },
      oldestIdleMs: null,
    },
    {
      labels: { command: 'unknown', runtime: 'unknown', hook: 'unknown', container: 'c', pod: 'p' },
      processes: 1,
      verdicts: { ...none, unknown: 1 },
      oldestIdleMs: null,
    },
    {
      labels: { ...plain, command: 'python3', runtime: 'other' },
      processes: 1,
      verdicts: { ...none, safe: 1 },
      oldestIdleMs: null,
    },
  ])
  t.end()
})

t.test('of too many groups the worst keep their labels, and nothing is lost', (t) => {
  const many = Array.from({ length: 5_000 }, (_, index) =>
    process(`node ${index}.js`, index === 4_321 ? 'dying' : index === 77 ? 'at-risk' : 'safe'),
  )
  const { groups, folded } = groupProcesses(many, 10)
  t.equal(groups.length, 11)
  t.equal(folded, 4_990)
  t.match(groups[0], { labels: { command: 'node 4321.js' }, verdicts: { dying: 1 } })
  t.match(groups[1], { labels: { command: 'node 77.js' }, verdicts: { 'at-risk': 1 } })
  t.match(groups[10], {
    labels: { command: 'other', runtime: 'node' },
    processes: 4_990,
    verdicts: { safe: 4_990 },
  })
  t.end()
})
