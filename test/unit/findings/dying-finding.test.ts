import t from 'tap'
import { dyingFinding } from '../../../src/findings/dying-finding'
import type { DyingGroup, Silence } from '../../../src/judge/dying'
import { parseConfig } from '../../../src/settings/config'

const { config } = parseConfig({})
const opener = { place: '/app/db.js:12', package: 'pg' }

function group(...silences: Silence[]): DyingGroup {
  const sockets = silences.map((silence) => ({ destination: 'db:5432', opener, silence }))
  return { destination: 'db:5432', opener, sockets }
}

const probes: Silence = { what: 'probes', count: 4, sinceMs: 45_000, endMs: 301_000 }
const data: Silence = { what: 'data', count: 18, sinceMs: 31_000, endMs: null }

t.test('NKA205 for one whose probes nobody answers', (t) => {
  t.strictSame(dyingFinding(group(probes), 'none', config), {
    code: 'NKA205',
    text:
      'A connection to db:5432 is dying: 4 keepalive probes in a row have gone unanswered, for 45s; ' +
      'the kernel gives it up in about 5m1s. No other connection to it was answered meanwhile: the ' +
      'peer or the path may be gone. Opened at /app/db.js:12 by the package pg. See whether the ' +
      'peer runs and the path to it is open.',
    data: {
      destination: 'db:5432',
      count: 1,
      silence: probes,
      witness: 'none',
      opener,
      limitMs: 240_000,
    },
  })
  t.end()
})

t.test('others that are answered tell what the path does', (t) => {
  const text = (witness: 'probes-answered' | 'data-answered') =>
    dyingFinding(group(probes), witness, config).text
  t.match(text('probes-answered'), 'or the peer, has forgotten this one. Opened')
  t.match(text('data-answered'), 'the path swallows probes, or has forgotten this one. Opened')
  t.match(text('data-answered'), 'only data of the program keeps connections on it.')
  t.end()
})

t.test('data, several connections, an end that is not known', (t) => {
  const one = dyingFinding(group(data), 'none', config).text
  t.match(
    one,
    'is dying: 18 bytes sent on it are not acknowledged, for 31s; the kernel sends again',
  )
  t.match(
    dyingFinding(group({ ...data, count: 1 }), 'none', config).text,
    'a byte sent on it is not',
  )
  const many = dyingFinding(group(data, probes, data), 'none', config)
  t.match(many.text, '3 connections to db:5432 are dying: on the worst 4 keepalive probes')
  t.match(many.data, { count: 3, silence: probes })
  const unknown = dyingFinding(group({ ...probes, endMs: null }), 'none', config).text
  t.match(unknown, 'when the kernel gives it up is not known')
  t.end()
})
