import t from 'tap'
import type { End } from '../../../src/connections/ending'
import type { Decision } from '../../../src/connections/policy'
import {
  type Death,
  type Explanation,
  explain,
  groupDeaths,
  isProtected,
  type Path,
} from '../../../src/judge/deaths'
import { parseConfig } from '../../../src/settings/config'
import { findProfile, type Profile } from '../../../src/settings/profiles'

const decision: Decision = { action: 'leave', reason: 'exempt' }
const { config: standard } = parseConfig({})
const nameOf = (id: string) => findProfile(id)?.name ?? id
const opener = { place: '/app/db.js:12', package: 'pg' }

function death(changes: Partial<Death> = {}): Death {
  return {
    destination: 'db:5432',
    opener,
    end: 'reset',
    code: 'ECONNRESET',
    minIdleMs: 355_000,
    maxIdleMs: 360_000,
    sent: true,
    decision,
    firstProbeMs: null,
    waits: false,
    request: null,
    timer: null,
    stillMs: 0,
    recurs: null,
    ...changes,
  }
}

function idleFor(least: number, most = least): Pick<Death, 'minIdleMs' | 'maxIdleMs'> {
  return { minIdleMs: least * 1_000, maxIdleMs: most * 1_000 }
}

t.test('a connection is protected where its first probe comes before the limit', (t) => {
  const table: readonly [firstProbeMs: number | null, boolean][] = [
    [45_000, true],
    [239_000, true],
    [240_000, false],
    [600_000, false],
    [null, false],
  ]
  for (const [firstProbeMs, expected] of table) {
    t.equal(isProtected({ firstProbeMs }, 240_000), expected, `${firstProbeMs}`)
  }
  t.end()
})

t.test('which end is explained by what', (t) => {
  type Code = Explanation['code'] | null
  const ends: readonly [
    End,
    bare: readonly [idle: Code, waiting: Code],
    kept: readonly [idle: Code, waiting: Code],
  ][] = [
    ['reset', ['NKA301', 'NKA301'], [null, 'NKA303']],
    ['broken-pipe', ['NKA301', 'NKA301'], [null, 'NKA303']],
    // Keepalive gives it up, unless the kernel has sent something again for long.
    ['timed-out', ['NKA301', 'NKA301'], ['NKA302', 'NKA302']],
    // No NAT closes in good order.
    ['hang-up', [null, 'NKA303'], [null, 'NKA303']],
    // The client's own timer on a slow answer, but for what nothing kept alive.
    ['given-up', ['NKA301', 'NKA301'], [null, 'NKA303']],
    ['aborted', [null, null], [null, null]],
  ]
  for (const [end, bare, kept] of ends) {
    for (const [index, waits] of [false, true].entries()) {
      for (const sent of [false, true]) {
        const name = `${end}${waits ? ', something waits' : ''}${sent ? ', something was sent' : ''}`
        const one = death({ end, waits, sent })
        t.equal(explain(one, standard)?.code ?? null, bare[index], name)
        const protectedOne = { ...one, firstProbeMs: 45_000 }
        const expected = end === 'timed-out' && sent ? null : kept[index]
        t.equal(explain(protectedOne, standard)?.code ?? null, expected, `${name}, protected`)
      }
    }
  }
  t.end()
})

t.test('a connection that was not idle for long is not explained', (t) => {
  for (const end of ['reset', 'hang-up', 'timed-out', 'broken-pipe', 'given-up'] as const) {
    for (const firstProbeMs of [null, 45_000]) {
      const one = death({ end, waits: true, firstProbeMs, ...idleFor(20, 29) })
      const byKeepalive = end === 'timed-out' && firstProbeMs !== null
      const sent = byKeepalive ? [true] : [true, false]
      for (const wrote of sent) {
        t.equal(explain({ ...one, sent: wrote }, standard), null, `${end}, ${firstProbeMs}`)
      }
    }
  }
  t.end()
})

t.test('what is long for NKA303 is the shortest limit that is known', (t) => {
  const code = (most: number, limitMs: number) =>
    explain(death({ end: 'hang-up', waits: true, ...idleFor(0, most) }), {
      limitMs,
      profile: null,
    })?.code ?? null
  t.equal(code(29, 240_000), null)
  t.equal(code(30, 240_000), 'NKA303', 'of layer 7')
  t.equal(code(9, 10_000), null)
  t.equal(code(10, 10_000), 'NKA303', 'the one that is set')
  t.end()
})

t.test('NKA303 names the limits of layer 7 that had just passed', (t) => {
  const table: readonly [least: number, most: number, expected: readonly number[]][] = [
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
    const one = death({ waits: true, end: 'hang-up', ...idleFor(least, most) })
    const limits = explain(one, standard)?.fits.map(({ limitMs }) => limitMs / 1_000)
    t.same(limits, expected, `${least} to ${most} s`)
  }
  t.end()
})

/** Each limit that NKA301 names, in seconds. */
function limits(
  seconds: number,
  path: Partial<Path>,
  firstProbeMs: number | null = null,
  least = seconds,
) {
  const explained = explain(death({ firstProbeMs, ...idleFor(least, seconds) }), {
    ...standard,
    ...path,
  })
  return explained?.fits.map(({ limitMs }) => limitMs / 1_000) ?? null
}

t.test('a death after an idle time below every limit fits none', (t) => {
  for (const seconds of [0, 2, 30, 59, 60, 120, 239]) {
    t.same(limits(seconds, {}), null, `${seconds} s`)
  }
  t.end()
})

t.test(
  'the limits that had just passed fit, the nearest first; far beyond all of them none',
  (t) => {
    const table: readonly [seconds: number, expected: readonly number[]][] = [
      [240, [240]],
      [264, [240]],
      [265, []],
      [299, []],
      [330, [300]],
      [349, []],
      [350, [350]],
      [370, [360, 350]],
      [700, []],
      [1_250, [1_200]],
      [30_000, []],
    ]
    for (const [seconds, expected] of table) t.same(limits(seconds, {}), expected, `${seconds} s`)
    t.end()
  },
)

t.test('it is the longest that the idle time can have been that counts', (t) => {
  t.same(limits(351, {}, null, 330), [350, 300])
  t.same(limits(349, {}, null, 330), [300])
  t.same(limits(349, {}, null, 331), [])
  t.end()
})

t.test('350 s name the middleboxes of AWS, and none of another limit', (t) => {
  const [nearest] = explain(death(idleFor(350, 355)), standard)?.fits ?? []
  t.equal(nearest?.limitMs, 350_000)
  const names = nearest?.middleboxes ?? []
  t.ok(names.includes(nameOf('aws-nat-gateway')))
  t.ok(names.includes(nameOf('aws-nlb')))
  for (const name of names) t.match(name, /^AWS /)
  t.end()
})

t.test('the profile that was chosen comes first, where its limit has passed', (t) => {
  const chosen = { profile: 'azure-nat-gateway', limitMs: 240_000 }
  t.same(limits(610, chosen), [240, 600])
  t.same(limits(610, { profile: null, limitMs: 240_000 }), [600])
  t.same(limits(610, { profile: 'gcp-cloud-nat', limitMs: 1_200_000 }), [600])
  t.end()
})

t.test('a limit that was set fits too, without a name', (t) => {
  const path: Path = { profile: null, limitMs: 10_000 }
  t.strictSame(explain(death(idleFor(11, 12)), path), {
    code: 'NKA301',
    fits: [{ limitMs: 10_000, middleboxes: [] }],
  })
  t.same(limits(9, path), null)
  t.end()
})

t.test('a limit that was set is named before those that nobody spoke of', (t) => {
  t.same(limits(1_000, { profile: null, limitMs: 10_000 }), [10])
  t.end()
})

t.test('limits of layer 7 are not blamed for a connection without protection', (t) => {
  const names = explain(death(idleFor(400, 410)), standard)
    ?.fits.flatMap(({ middleboxes }) => middleboxes)
    .join()
  t.notMatch(names, nameOf('cloudflare'))
  t.notMatch(names, nameOf('aws-alb'))
  t.end()
})

t.test('a schedule beyond the limit is no protection', (t) => {
  t.same(limits(360, {}, 240_000), [360, 350])
  t.end()
})

t.test('where probes do not count, a connection with probes dies of the limit too', (t) => {
  const code = (profile: string) =>
    explain(death({ firstProbeMs: 45_000, ...idleFor(340, 345) }), { profile, limitMs: 340_000 })
      ?.code ?? null
  t.equal(code('aws-global-accelerator'), 'NKA301')
  t.equal(code('aws-nat-gateway'), null)
  t.end()
})

t.test('the table of middleboxes can be given', (t) => {
  const box = (id: string, layer: 4 | 7, limitSeconds: number): Profile => ({
    id,
    name: id,
    layer,
    limitSeconds,
    range: null,
    configurable: null,
    behaviour: 'Not documented.',
    after: null,
    probes: layer === 4 ? 'count' : 'ignored',
    source: 'none',
    url: 'https://example.com/',
    checkedOn: '2026-11',
    verified: true,
    behaviourVerified: false,
  })
  const table = [box('a', 4, 100), box('b', 7, 100), box('c', 4, 100), box('d', 4, 200)]
  const path: Path = { profile: null, limitMs: 100_000 }
  t.strictSame(explain(death(idleFor(105)), path, table)?.fits, [
    { limitMs: 100_000, middleboxes: ['a', 'c'] },
  ])
  const closed = death({ end: 'hang-up', waits: true, ...idleFor(105) })
  t.strictSame(explain(closed, path, table)?.fits, [{ limitMs: 100_000, middleboxes: ['b'] }])
  t.end()
})

t.test(
  'a standstill explains what was used first after it, and a timer that ran out in it',
  (t) => {
    const table: readonly [Partial<Death>, Explanation['code'] | null][] = [
      [{ sent: true, end: 'hang-up', stillMs: 5_000 }, 'NKA303'],
      [{ sent: true, end: 'reset', stillMs: 5_000 }, 'NKA303'],
      [{ sent: true, end: 'timed-out', stillMs: 5_000 }, 'NKA303'],
      [{ sent: false, end: 'given-up', stillMs: 5_000 }, 'NKA303'],
      // The peer ends a connection on which something waits whether the process runs or not.
      [{ sent: false, end: 'hang-up', stillMs: 5_000 }, null],
      [{ sent: true, end: 'hang-up', stillMs: 4_000 }, null],
      [{ sent: true, end: 'hang-up', stillMs: 0 }, null],
      [{ sent: true, end: 'aborted', stillMs: 5_000 }, null],
    ]
    for (const [changes, expected] of table) {
      for (const firstProbeMs of [null, 45_000]) {
        const one = death({ ...idleFor(8, 9), waits: true, firstProbeMs, ...changes })
        t.equal(explain(one, standard)?.code ?? null, expected, JSON.stringify(changes))
      }
    }
    const unkept = death({ ...idleFor(300), stillMs: 200_000 })
    t.strictSame(explain(unkept, standard), { code: 'NKA303', fits: [] }, 'before a middlebox')
    t.end()
  },
)

t.test('an idle time that recurs explains a shorter keep-alive of the peer', (t) => {
  const recurs = { count: 3, minIdleMs: 5_000, maxIdleMs: 6_000 }
  const one = death({ end: 'hang-up', waits: true, ...idleFor(5, 6) })
  t.equal(explain(one, standard), null)
  t.strictSame(explain({ ...one, recurs }, standard), { code: 'NKA303', fits: [] })
  t.equal(explain({ ...one, recurs, waits: false }, standard), null, 'nothing is lost')
  t.end()
})

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

t.test('deaths that are told in other words are not one group', (t) => {
  const one = death({ waits: true, ...idleFor(240, 245) })
  const others = [
    one,
    { ...one, firstProbeMs: 45_000 },
    { ...one, sent: false },
    { ...one, end: 'hang-up' as const },
    { ...one, end: 'given-up' as const },
  ]
  t.same(
    groupDeaths(others, standard).map(({ code }) => code),
    ['NKA301', 'NKA303', 'NKA301', 'NKA303', 'NKA301'],
  )
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
