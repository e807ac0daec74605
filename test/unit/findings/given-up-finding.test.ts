import t from 'tap'
import { givenUpFinding } from '../../../src/findings/given-up-finding'
import type { Death } from '../../../src/judge/deaths'
import { parseConfig } from '../../../src/settings/config'

const { config } = parseConfig({})

function text(changes: Partial<Death> = {}): string {
  const death: Death = {
    destination: 'db:5432',
    opener: { place: '/app/db.js:12', package: 'pg' },
    end: 'timed-out',
    code: 'ETIMEDOUT',
    minIdleMs: 400_000,
    maxIdleMs: 405_000,
    sent: false,
    decision: {
      action: 'protect',
      delayMs: 45_000,
      intervalMs: 15_000,
      probes: 24,
      reason: 'unasked',
    },
    firstProbeMs: 45_000,
    waits: false,
    timer: null,
    stillMs: 0,
    recurs: null,
    request: null,
    ...changes,
  }
  const finding = givenUpFinding({ code: 'NKA302', fits: [], deaths: [death] }, config)
  t.equal(finding.code, 'NKA302')
  return finding.text
}

t.test('NKA302 says who gave it up, after how many probes, and what to set', (t) => {
  t.equal(
    text(),
    'A connection to db:5432 was given up by the kernel (ETIMEDOUT) after 6m40s to 6m45s idle: ' +
      'nobody answered its keepalive probes, 24 of them 15s apart. The path or the peer was gone ' +
      'for that long, the peer had forgotten the connection without a word, or something on the ' +
      'path swallows probes. Opened at /app/db.js:12 by the package pg. If the path comes back ' +
      'later than that, raise NAT_KEEPALIVE_GIVE_UP; if it swallows probes, no keepalive helps on it.',
  )
  t.end()
})

t.test('a request that waited is named, and times that are not known are not', (t) => {
  const request = { method: 'GET', host: 'api.internal', path: null }
  t.match(
    text({ request, waits: true }),
    ' The request GET api.internal was waiting for its answer.',
  )
  t.match(
    text({ decision: { action: 'leave', reason: 'respected' } }),
    'nobody answered its keepalive probes. The path',
  )
  t.end()
})
