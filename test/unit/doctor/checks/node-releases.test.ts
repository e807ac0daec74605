import t from 'tap'
import { endOfLife, holes, satisfies } from '../../../../src/doctor/checks/node-releases'
import { versionTakesInterval } from '../../../../src/hook/keepalive'

t.test('the releases that take interval and count', (t) => {
  const table: readonly [version: string, takes: boolean][] = [
    ['18.20.8', false],
    ['22.99.0', false],
    ['24.18.0', false],
    ['24.19.0', true],
    ['24.21.0', true],
    ['25.9.0', false],
    ['26.3.0', false],
    ['26.4.0', true],
    ['27.0.0', true],
    ['27.0.0-nightly20261122abcdef', true],
  ]
  for (const [version, takes] of table) t.equal(versionTakesInterval(version), takes, version)
  t.end()
})

t.test('no release has both holes, and every one since the second began has it', (t) => {
  const [first, second] = holes
  const table: readonly [version: string, open: boolean[]][] = [
    ['20.20.2', [true, false]],
    ['24.14.1', [true, false]],
    ['24.15.0', [false, true]],
    ['25.0.0', [true, false]],
    ['25.7.0', [true, false]],
    ['25.8.0', [false, true]],
    ['26.10.0', [false, true]],
  ]
  for (const [version, open] of table) {
    const found = [first, second].map((hole) => satisfies(version, hole?.range ?? ''))
    t.strictSame(found, open, version)
  }
  t.end()
})

t.test('the end of life of each major release is a day, later for later even ones', (t) => {
  const days = Object.values(endOfLife)
  for (const day of days) t.equal(new Date(day).toISOString().slice(0, 10), day)
  const even = Object.entries(endOfLife).filter(([major]) => Number(major) % 2 === 0)
  t.strictSame(
    even.map(([, day]) => day),
    even.map(([, day]) => day).sort(),
  )
  t.end()
})
