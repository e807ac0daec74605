import t from 'tap'
import type { Decision } from '../../../src/connections/policy'
import {
  type Death,
  type End,
  endOf,
  fits,
  groupDeaths,
  type Path,
  protects,
  type Remains,
} from '../../../src/judge/deaths'
import { parseConfig } from '../../../src/settings/config'
import { findProfile, type Profile } from '../../../src/settings/profiles'
import { protection } from '../../standard-protection'

const bare: Decision = { action: 'leave', reason: 'exempt' }
const { config: standard } = parseConfig({})
const nameOf = (id: string) => findProfile(id)?.name ?? id

function coded(code: unknown): Error {
  return Object.assign(new Error('theirs'), { code })
}

t.test('how a socket ended', (t) => {
  const table: readonly [
    name: string,
    error: unknown,
    peerEnded: boolean,
    waiting: boolean,
    end: End | null,
    code?: string,
  ][] = [
    ['a reset', coded('ECONNRESET'), false, true, 'reset', 'ECONNRESET'],
    ['a reset of a pooled one', coded('ECONNRESET'), false, false, 'reset', 'ECONNRESET'],
    ['a reset after its end', coded('ECONNRESET'), true, true, 'reset', 'ECONNRESET'],
    ['a timeout of the kernel', coded('ETIMEDOUT'), false, false, 'timed-out', 'ETIMEDOUT'],
    ['a broken pipe', coded('EPIPE'), false, false, 'broken-pipe', 'EPIPE'],
    ['closed by the peer, nothing waited', null, true, false, null],
    ['closed by the peer, a request waited', null, true, true, 'hang-up'],
    ['closed by the program, nothing waited', null, false, false, null],
    ['closed by the program, a request waited', null, false, true, 'given-up'],
    ['a timeout of the program', coded('ABORT_ERR'), false, true, 'given-up', 'ABORT_ERR'],
    ["an error of the program's, nothing waited", coded('E_THEIRS'), false, false, null],
    ["an error of the program's, after the peer's end", coded('E'), true, true, 'given-up', 'E'],
    ['an error without a code', new Error('theirs'), false, true, 'given-up'],
    ['a code that is no string', coded(104), false, true, 'given-up'],
    ['a code of Object.prototype', coded('toString'), false, false, null],
    ['a thrown string', 'ECONNRESET', false, false, null],
    ['undefined for an error', undefined, false, true, 'given-up'],
  ]
  for (const [name, error, peerEnded, waiting, end, code = null] of table) {
    const remains: Remains = { error, peerEnded, waiting }
    t.strictSame(endOf(remains), end === null ? null : { end, code }, name)
  }
  t.end()
})

t.test('the error of the program is only looked at', (t) => {
  const error = Object.freeze(coded('ECONNRESET'))
  t.same(endOf({ error, peerEnded: false, waiting: false }), { end: 'reset', code: 'ECONNRESET' })
  t.end()
})

t.test('a schedule protects where its first probe comes before the limit', (t) => {
  const table: readonly [Decision, boolean][] = [
    [protection, true],
    [{ ...protection, delayMs: 239_000 }, true],
    [{ ...protection, delayMs: 240_000 }, false],
    [{ ...protection, delayMs: 600_000 }, false],
    [{ ...protection, delayMs: null, intervalMs: null, probes: null }, false],
    [bare, false],
    [{ action: 'leave', reason: 'excluded', rule: 'db' }, false],
  ]
  for (const [decision, expected] of table) {
    t.equal(protects(decision, 240_000), expected, JSON.stringify(decision))
  }
  t.end()
})

/** Each limit in seconds. */
function limits(seconds: number, path: Partial<Path>, decision: Decision = bare, least = seconds) {
  const end = 'reset' as const
  const idle = { end, minIdleMs: least * 1_000, maxIdleMs: seconds * 1_000, decision }
  return fits(idle, { ...standard, ...path }).map(({ limitMs }) => limitMs / 1_000)
}

t.test('a death after an idle time below every limit fits none', (t) => {
  for (const seconds of [0, 2, 30, 59, 60, 120, 239]) {
    t.same(limits(seconds, {}), [], `${seconds} s`)
  }
  t.end()
})

t.test('the limits that had passed fit, the nearest first and three at the most', (t) => {
  const table: readonly [seconds: number, expected: readonly number[]][] = [
    [240, [240]],
    [349, [240]],
    [350, [350, 240]],
    [370, [360, 350, 240]],
    [700, [600, 360, 350]],
    [1_250, [1_200, 900, 600]],
  ]
  for (const [seconds, expected] of table) t.same(limits(seconds, {}), expected, `${seconds} s`)
  t.end()
})

t.test('it is the longest that the idle time can have been that counts', (t) => {
  t.same(limits(351, {}, bare, 330), [350, 240])
  t.same(limits(349, {}, bare, 330), [240])
  t.end()
})

t.test('350 s name the middleboxes of AWS, and none of another limit', (t) => {
  const [nearest] = fits(
    { end: 'reset', minIdleMs: 350_000, maxIdleMs: 355_000, decision: bare },
    standard,
  )
  t.equal(nearest?.limitMs, 350_000)
  const names = nearest?.middleboxes ?? []
  t.ok(names.includes(nameOf('aws-nat-gateway')))
  t.ok(names.includes(nameOf('aws-nlb')))
  for (const name of names) t.match(name, /^AWS /)
  t.end()
})

t.test('the profile that was chosen comes first, where its limit has passed', (t) => {
  const chosen = { profile: 'azure-nat-gateway', limitMs: 240_000 }
  t.same(limits(700, chosen), [240, 600, 360])
  t.same(limits(700, { profile: null, limitMs: 240_000 }), [600, 360, 350])
  t.same(limits(700, { profile: 'gcp-cloud-nat', limitMs: 1_200_000 }), [600, 360, 350])
  t.end()
})

t.test('a limit that was set fits too, without a name', (t) => {
  const path: Path = { profile: null, limitMs: 10_000 }
  t.strictSame(fits({ end: 'reset', minIdleMs: 11_000, maxIdleMs: 12_000, decision: bare }, path), [
    { limitMs: 10_000, middleboxes: [] },
  ])
  t.same(limits(9, path), [])
  t.end()
})

t.test('a limit that was set is named before those that nobody spoke of', (t) => {
  t.same(limits(1_000, { profile: null, limitMs: 10_000 })[0], 10)
  t.end()
})

t.test('limits of layer 7 are not blamed for a connection without protection', (t) => {
  const names = fits(
    { end: 'reset', minIdleMs: 400_000, maxIdleMs: 410_000, decision: bare },
    standard,
  )
    .flatMap(({ middleboxes }) => middleboxes)
    .join()
  t.notMatch(names, nameOf('cloudflare'))
  t.notMatch(names, nameOf('aws-alb'))
  t.end()
})

t.test('a protected connection fits only a limit of layer 7 that had just passed', (t) => {
  const table: readonly [least: number, most: number, expected: readonly number[]][] = [
    [2, 3, []],
    [55, 59, []],
    [55, 61, [60]],
    [60, 60, [60]],
    [66, 90, [60]],
    [67, 90, []],
    [350, 355, []],
    [400, 430, [400]],
    [440, 470, [400]],
    [441, 470, []],
    [3_600, 3_630, [3_600]],
    [7_440, 7_500, []],
  ]
  for (const [least, most, expected] of table) {
    t.same(limits(most, {}, protection, least), expected, `${least} to ${most} s`)
  }
  t.end()
})

t.test('a schedule beyond the limit is no protection', (t) => {
  t.same(limits(360, {}, { ...protection, delayMs: 240_000 }), [360, 350, 240])
  t.end()
})

t.test('the table of middleboxes can be given', (t) => {
  const box = (id: string, layer: 4 | 7, limitSeconds: number): Profile => ({
    id,
    name: id,
    layer,
    limitSeconds,
    configurable: null,
    behaviour: 'Not documented.',
    source: 'none',
    checkedOn: '2026-11',
    verified: true,
  })
  const table = [box('a', 4, 100), box('b', 7, 100), box('c', 4, 100), box('d', 4, 200)]
  const path: Path = { profile: null, limitMs: 100_000 }
  t.strictSame(
    fits({ end: 'reset', minIdleMs: 150_000, maxIdleMs: 150_000, decision: bare }, path, table),
    [{ limitMs: 100_000, middleboxes: ['a', 'c'] }],
  )
  t.end()
})

const opener = { place: '/app/db.js:12', package: 'pg' }

function death(changes: Partial<Death> = {}): Death {
  return {
    destination: 'db:5432',
    opener,
    end: 'reset',
    code: 'ECONNRESET',
    minIdleMs: 355_000,
    maxIdleMs: 360_000,
    decision: bare,
    request: null,
    ...changes,
  }
}

t.test('no deaths, no groups', (t) => {
  t.same(groupDeaths([], standard), [])
  t.end()
})

t.test('deaths of one destination, opening place and kind are one group', (t) => {
  const deaths = [
    death(),
    death({ maxIdleMs: 365_000 }),
    death({ end: 'timed-out', code: 'ETIMEDOUT' }),
    death({ destination: 'db:5433' }),
    death({ opener: { ...opener, package: null } }),
    death({ opener: { ...opener } }),
  ]
  const groups = groupDeaths(deaths, standard).map((group) =>
    group.deaths.map((one) => deaths.indexOf(one)),
  )
  t.same(groups, [[0, 1, 5], [2], [3], [4]])
  t.end()
})

t.test('deaths that fit no limit are left out', (t) => {
  const short = death({ minIdleMs: 1_000, maxIdleMs: 2_000 })
  t.same(groupDeaths([short, short], standard), [])
  const long = death()
  t.same(
    groupDeaths([short, long, short], standard).map(({ deaths }) => deaths),
    [[long]],
  )
  t.end()
})

t.test('the limits of a group fit every death in it', (t) => {
  const deaths = [death({ minIdleMs: 700_000, maxIdleMs: 710_000 }), death()]
  for (const order of [deaths, [...deaths].reverse()]) {
    for (const group of groupDeaths(order, standard)) {
      for (const fit of group.fits) {
        for (const one of group.deaths) t.ok(fit.limitMs <= one.maxIdleMs, `${fit.limitMs}`)
      }
    }
  }
  t.end()
})

t.test('a protected death and a bare one are not one group', (t) => {
  const path: Path = { profile: null, limitMs: 60_000 }
  const idle = { minIdleMs: 60_000, maxIdleMs: 65_000 }
  const groups = groupDeaths([death({ ...idle, decision: protection }), death(idle)], path)
  t.equal(groups.length, 2)
  t.end()
})

t.test('a protected connection that was closed by no peer died of no limit of layer 7', (t) => {
  const idle = { minIdleMs: 60_000, maxIdleMs: 62_000, decision: protection }
  const table: readonly [End, groups: number][] = [
    ['hang-up', 1],
    ['reset', 1],
    ['broken-pipe', 1],
    // The client's own timeout of a minute on a slow answer; the kernel's, when the path is out.
    ['given-up', 0],
    ['timed-out', 0],
  ]
  for (const [end, groups] of table) {
    t.equal(groupDeaths([death({ ...idle, end })], standard).length, groups, end)
  }
  t.end()
})

t.test('5,000 deaths of 50 destinations are 50 groups', (t) => {
  const deaths = Array.from({ length: 5_000 }, (_, index) =>
    death({ destination: `host${index % 50}:443` }),
  )
  const groups = groupDeaths(deaths, standard)
  t.equal(groups.length, 50)
  t.ok(groups.every(({ deaths }) => deaths.length === 100))
  t.end()
})
