import t from 'tap'
import { auditIdle, type Episodes, type IdleSocket } from '../src/audit'
import type { Leave, Protection } from '../src/policy'

const protection: Protection = {
  action: 'protect',
  delayMs: 45_000,
  intervalMs: 15_000,
  probes: 4,
  reason: 'unasked',
}
const leave: Leave = { action: 'leave', reason: 'exempt' }
const opener = { place: '/app/db.js:12', package: 'pg' }
const none: Episodes = new Map()
const threshold = 190_000

function protectedSocket(socket: Partial<IdleSocket> = {}): IdleSocket {
  return { destination: 'db:5432', idleMs: 300_000, opener, protection, leave: null, ...socket }
}

function bareSocket(socket: Partial<IdleSocket> = {}): IdleSocket {
  return protectedSocket({ protection: null, leave, ...socket })
}

/** Looks at one set of sockets after the other; the groups each look warns of, as `place count/bare`. */
function looks(...series: readonly (readonly IdleSocket[])[]): string[][] {
  let episodes = none
  return series.map((sockets) => {
    const result = auditIdle(sockets, threshold, episodes)
    episodes = result.episodes
    return result.warn.map(
      ({ destination, count, unprotected }) => `${destination} ${count}/${unprotected}`,
    )
  })
}

t.test('nothing idle, nothing said', (t) => {
  t.same(auditIdle([], threshold, none), { warn: [], episodes: new Map() })
  t.end()
})

t.test('connections of one destination and opening place are one group', (t) => {
  const { warn } = auditIdle(
    [
      protectedSocket({ idleMs: 250_000 }),
      bareSocket({ idleMs: 400_000 }),
      protectedSocket({ idleMs: 200_000 }),
    ],
    threshold,
    none,
  )
  t.same(warn, [
    {
      destination: 'db:5432',
      opener,
      count: 3,
      unprotected: 1,
      minIdleMs: 200_000,
      maxIdleMs: 400_000,
      protection,
      leave,
    },
  ])
  t.end()
})

t.test('another destination, place or package is another group', (t) => {
  const others: readonly Partial<IdleSocket>[] = [
    { destination: 'db:5433' },
    { destination: 'db2:5432' },
    { opener: { place: '/app/db.js:13', package: 'pg' } },
    { opener: { place: '/app/db.js:12', package: 'pg-pool' } },
    { opener: { place: '/app/db.js:12', package: null } },
    { opener: { place: null, package: 'pg' } },
    { opener: { place: null, package: null } },
    { opener: { place: 'null', package: 'null' } },
  ]
  const { warn } = auditIdle([{}, ...others].map(protectedSocket), threshold, none)
  t.same(
    warn.map(({ count }) => count),
    Array.from({ length: others.length + 1 }, () => 1),
  )
  t.end()
})

t.test('names cannot run into each other', (t) => {
  const sockets = [
    protectedSocket({ destination: 'a","b', opener: { place: 'c', package: null } }),
    protectedSocket({ destination: 'a', opener: { place: 'b","c', package: null } }),
  ]
  t.equal(auditIdle(sockets, threshold, none).warn.length, 2)
  t.end()
})

t.test('equal opening places need not be the same object', (t) => {
  const sockets = [protectedSocket(), protectedSocket({ opener: { ...opener } })]
  t.equal(auditIdle(sockets, threshold, none).warn.length, 1)
  t.end()
})

t.test('an episode is told once, and again after it ended', (t) => {
  const idle = [protectedSocket()]
  t.same(looks(idle, idle, idle, [], idle, idle), [
    ['db:5432 1/0'],
    [],
    [],
    [],
    ['db:5432 1/0'],
    [],
  ])
  t.end()
})

t.test('an episode lasts while any connection of the group is idle', (t) => {
  const [first, second] = [protectedSocket({ idleMs: 200_000 }), protectedSocket()]
  t.same(looks([first, second], [second], [first], [first, second, first]), [
    ['db:5432 2/0'],
    [],
    [],
    [],
  ])
  t.end()
})

t.test('missing protection is told once more within an episode', (t) => {
  const idle = [protectedSocket()]
  const bare = [protectedSocket(), bareSocket()]
  t.same(looks(idle, bare, bare, idle, bare, [], bare), [
    ['db:5432 1/0'],
    ['db:5432 2/1'],
    [],
    [],
    [],
    [],
    ['db:5432 2/1'],
  ])
  t.end()
})

t.test('an episode that began without protection is not told again with it', (t) => {
  t.same(looks([bareSocket()], [protectedSocket()], [bareSocket()]), [['db:5432 1/1'], [], []])
  t.end()
})

t.test(
  'a group is told of when the first of it passes the threshold, and the others count',
  (t) => {
    const soon = protectedSocket({ idleMs: threshold - 1 })
    const now = protectedSocket({ idleMs: threshold })
    const other = protectedSocket({ idleMs: threshold - 1, destination: 'cache:6379' })
    t.same(looks([soon, soon], [soon, now, other], [now, now]), [[], ['db:5432 2/0'], []])
    t.end()
  },
)

t.test('what is about to pass the threshold begins no episode, but keeps one going', (t) => {
  const soon = protectedSocket({ idleMs: threshold - 1 })
  t.equal(auditIdle([soon], threshold, none).episodes.size, 0)
  t.same(looks([protectedSocket()], [soon], [protectedSocket()]), [['db:5432 1/0'], [], []])
  t.end()
})

t.test('one group does not end or silence the episode of another', (t) => {
  const [one, two] = [protectedSocket(), protectedSocket({ destination: 'cache:6379' })]
  t.same(looks([one], [one, two], [two], [one, two]), [
    ['db:5432 1/0'],
    ['cache:6379 1/0'],
    [],
    ['db:5432 1/0'],
  ])
  t.end()
})

t.test('5,000 connections to 50 destinations are 50 groups, and nothing is kept of them', (t) => {
  const sockets = Array.from({ length: 5_000 }, (_, index) =>
    protectedSocket({ destination: `host${index % 50}:443`, idleMs: threshold + index }),
  )
  const { warn, episodes } = auditIdle(sockets, threshold, none)
  t.equal(warn.length, 50)
  t.ok(warn.every(({ count }) => count === 100))
  t.equal(warn[0]?.minIdleMs, threshold)
  t.equal(warn[0]?.maxIdleMs, threshold + 4_950)
  t.equal(episodes.size, 50)
  t.equal(auditIdle(sockets, threshold, episodes).warn.length, 0)
  t.equal(auditIdle([], threshold, episodes).episodes.size, 0)
  t.end()
})

t.test('the episodes that were given are not changed', (t) => {
  const { episodes } = auditIdle([protectedSocket()], threshold, none)
  const before = structuredClone(episodes)
  auditIdle([bareSocket(), bareSocket({ destination: 'other:1' })], threshold, episodes)
  t.same(episodes, before)
  t.equal(none.size, 0)
  t.end()
})
