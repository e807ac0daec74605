import t from 'tap'
import { run } from '../../../../src/doctor/checks/node'
import { holes } from '../../../../src/doctor/checks/node-releases'
import { versionTakesInterval } from '../../../../src/hook/keepalive'
import { machineWith } from './machine'

const today = new Date('2026-11-22T12:00:00Z')
const https = '62003'
const tunnel = 'CONNECT'

const table: readonly [node: string, interval: boolean, hole: string, ended: boolean | null][] = [
  ['18.20.8', false, https, true],
  ['20.20.2', false, https, true],
  ['22.23.3', false, https, false],
  ['24.14.1', false, https, false],
  ['24.15.0', false, tunnel, false],
  ['24.18.1', false, tunnel, false],
  ['24.19.0', true, tunnel, false],
  ['25.7.0', false, https, true],
  ['25.8.0', false, tunnel, true],
  ['26.0.0', false, tunnel, false],
  ['26.3.1', false, tunnel, false],
  ['26.4.0', true, tunnel, false],
  ['27.0.0-nightly20261101', true, tunnel, null],
]

t.test('what each release can and cannot do', (t) => {
  for (const [node, interval, hole, ended] of table) {
    const without = { known: false, why: 'Node was started with --no-addons' } as const
    const outcome = run(machineWith(t, {}, { node, now: today, native: without }))
    t.equal(versionTakesInterval(node), interval, node)
    t.match(
      outcome.seen,
      interval
        ? /sets interval and count/
        : /cannot be set: they are 1 s and 10, and there is no native part: Node was/,
      node,
    )
    const withPart = run(
      machineWith(t, {}, { node, now: today, native: { known: true, value: null } }),
    )
    if (!interval) t.match(withPart.seen, /\(1 s and 10\): the native part does\./, node)
    t.match(outcome.seen, hole, node)
    const other = hole === https ? tunnel : https
    t.notMatch(outcome.seen, other, node)
    const life = ended === null ? 'not known' : ended ? 'end of life was' : 'end of life is 20'
    t.match(outcome.seen, life, node)
    t.equal(outcome.verdict, 'advice', node)
  }
  t.end()
})

t.test('every release has one of the holes at most', (t) => {
  t.equal(holes.length, 2)
  t.end()
})

t.test('the last day of a release is still a day of it', (t) => {
  const seen = (now: string) => run(machineWith(t, {}, { node: '22.1.0', now: new Date(now) })).seen
  t.match(seen('2027-04-30T23:00:00Z'), 'end of life is 2027-04-30')
  t.match(seen('2027-05-01T00:00:00Z'), 'end of life was 2027-04-30')
  t.end()
})

t.test('this very Node takes interval and count exactly where it is said to', (t) => {
  const { length } = require('node:net').Socket.prototype.setKeepAlive
  t.equal(versionTakesInterval(process.versions.node), length === 4)
  t.end()
})
