import t from 'tap'
import { run } from '../../../../src/doctor/checks/settings'
import { machineWith } from './machine'

t.test('settings', (t) => {
  const table: readonly [
    env: Record<string, string>,
    verdict: string,
    seen: RegExp,
    action: RegExp,
  ][] = [
    [{}, 'ok', /defaults hold\. The idle limit is 240 s\./, /^$/],
    [{ NAT_KEEPALIVE_LIMIT: '60s' }, 'ok', /NAT_KEEPALIVE_LIMIT=1m;.* limit is 60 s/, /^$/],
    [{ NAT_KEEPALIVE: 'off', NAT_KEEPALIVE_LIMIT: 'x' }, 'advice', /patches nothing/, /^Unset/],
    [{ NAT_KEEPALIVE_DELAY: '45' }, 'finding', /bare number/, /unset NAT_KEEPALIVE_DELAY\.$/],
    [{ NAT_KEEPALIVE_DELAI: '45s' }, 'finding', /the nearest is NAT_KEEPALIVE_DELAY/, /DELAI/],
    [
      { NAT_KEEPALIVE_DELAY: 'x', NAT_KEEPALIVE_PROBES: '0' },
      'finding',
      /DELAY="x".*PROBES="0"/,
      /beginning with NAT_KEEPALIVE_DELAY/,
    ],
  ]
  for (const [env, verdict, seen, action] of table) {
    const outcome = run(machineWith(t, {}, { env }))
    t.equal(outcome.verdict, verdict, JSON.stringify(env))
    t.match(outcome.seen, seen)
    t.match(outcome.action ?? '', action)
  }
  t.end()
})
