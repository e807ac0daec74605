import t from 'tap'
import type { Leave } from '../../../src/connections/policy'
import {
  auditIdle,
  type Episodes,
  groupKey,
  type IdleSocket,
  type JudgedSocket,
  summarize,
} from '../../../src/judge/idle-groups'
import { protection } from '../../standard-protection'

const leave: Leave = { action: 'leave', reason: 'exempt' }
const opener = { place: '/app/db.js:12', package: 'pg' }
const none: Episodes = new Map()
const threshold = 190_000

function protectedSocket(socket: Partial<IdleSocket> = {}): IdleSocket {
  return { destination: 'db:5432', idleMs: 300_000, opener, decision: protection, ...socket }
}

function bareSocket(socket: Partial<IdleSocket> = {}): IdleSocket {
  return protectedSocket({ decision: leave, ...socket })
}

/** Looks at one set of sockets after the other; the groups each look warns of, as `place count/bare`. */
function looks(...series: readonly (readonly IdleSocket[])[]): string[][] {
  let episodes = none
  return series.map((sockets) => {
    const result = auditIdle(sockets, threshold, episodes)
    episodes = result.episodes
    return result.tell.map(({ destination, sockets }) => {
      const bare = sockets.filter(({ decision }) => decision.action === 'leave')
      return `${destination} ${sockets.length}/${bare.length}`
    })
  })
}

t.test('nothing idle, nothing said', (t) => {
  t.same(auditIdle([], threshold, none), { tell: [], episodes: new Map() })
  t.end()
})

t.test('connections of one destination and opening place are one group', (t) => {
  const sockets = [
    protectedSocket({ idleMs: 250_000 }),
    bareSocket({ idleMs: 400_000 }),
    protectedSocket({ idleMs: 200_000 }),
  ]
  const { tell } = auditIdle(sockets, threshold, none)
  t.same(tell, [{ destination: 'db:5432', opener, sockets }])
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
  const { tell } = auditIdle([{}, ...others].map(protectedSocket), threshold, none)
  t.same(
    tell.map(({ sockets }) => sockets.length),
    Array.from({ length: others.length + 1 }, () => 1),
  )
  t.end()
})

t.test('names cannot run into each other', (t) => {
  const sockets = [
    protectedSocket({ destination: 'a","b', opener: { place: 'c', package: null } }),
    protectedSocket({ destination: 'a', opener: { place: 'b","c', package: null } }),
  ]
  t.equal(auditIdle(sockets, threshold, none).tell.length, 2)
  t.end()
})

t.test('equal opening places need not be the same object', (t) => {
  const sockets = [protectedSocket(), protectedSocket({ opener: { ...opener } })]
  t.equal(auditIdle(sockets, threshold, none).tell.length, 1)
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
  const { tell, episodes } = auditIdle(sockets, threshold, none)
  t.equal(tell.length, 50)
  t.ok(tell.every(({ sockets }) => sockets.length === 100))
  t.same(
    [...episodes.values()],
    Array.from({ length: 50 }, () => ({ bare: false })),
  )
  t.equal(auditIdle(sockets, threshold, episodes).tell.length, 0)
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

const verdicts = {
  safe: { verdict: 'safe', reason: 'The kernel probes after 45s idle.' },
  'at-risk': { verdict: 'at-risk', reason: 'Keepalive is off.' },
  unknown: { verdict: 'unknown', reason: 'It is not known: why.' },
  dying: { verdict: 'dying', reason: '3 probes in a row have gone unanswered.' },
  closed: { verdict: 'at-risk', reason: 'The peer has closed it.', cause: 'closed-by-peer' },
  unseen: { verdict: 'unknown', reason: 'A probe was set.', set: 'It was set.' },
} as const

function judgedSocket(
  verdict: keyof typeof verdicts,
  socket: Partial<JudgedSocket> = {},
): JudgedSocket {
  return { ...protectedSocket(), judged: verdicts[verdict], request: null, ...socket }
}

t.test('a summary counts each verdict and spans the idle times', (t) => {
  const sockets = [
    judgedSocket('safe', { idleMs: 250_000 }),
    judgedSocket('at-risk', { idleMs: 400_000 }),
    judgedSocket('unknown', { idleMs: 200_000 }),
    judgedSocket('safe', { idleMs: 300_000 }),
    judgedSocket('closed', { idleMs: 300_000 }),
    judgedSocket('unseen', { idleMs: 300_000 }),
  ]
  t.strictSame(summarize({ destination: 'db:5432', opener, sockets }), {
    destination: 'db:5432',
    opener,
    count: 6,
    minIdleMs: 200_000,
    maxIdleMs: 400_000,
    verdicts: { safe: 2, unknown: 2, 'at-risk': 2, dying: 0 },
    closed: 1,
    unseen: 1,
    worst: sockets[1],
    request: null,
  })
  t.end()
})

t.test(
  'the worst stands for a group: dying, at risk, unknown, safe, and the first of equals',
  (t) => {
    const table: readonly [readonly (keyof typeof verdicts)[], worst: number][] = [
      [['safe'], 0],
      [['safe', 'safe'], 0],
      [['safe', 'unknown', 'unknown'], 1],
      [['unknown', 'safe'], 0],
      [['unknown', 'safe', 'at-risk', 'at-risk'], 2],
      [['at-risk', 'unknown', 'safe'], 0],
      [['safe', 'at-risk', 'dying', 'dying', 'at-risk'], 2],
      [['closed', 'at-risk', 'closed'], 1],
      [['unknown', 'closed', 'safe'], 1],
      [['unseen', 'unknown', 'safe'], 1],
      [['safe', 'unseen'], 1],
    ]
    for (const [kinds, worst] of table) {
      const sockets = kinds.map((kind, index) => judgedSocket(kind, { idleMs: threshold + index }))
      t.equal(
        summarize({ destination: 'db:5432', opener, sockets }).worst,
        sockets[worst],
        `${kinds}`,
      )
    }
    t.end()
  },
)

t.test('a summary has the first request that waits, on whichever connection', (t) => {
  const request = (path: string) => ({ method: 'GET', host: 'db', path })
  const sockets = [
    judgedSocket('at-risk'),
    judgedSocket('safe', { request: request('/first') }),
    judgedSocket('safe', { request: request('/second') }),
  ]
  const summary = summarize({ destination: 'db:5432', opener, sockets })
  t.same(summary.request, request('/first'))
  t.equal(summary.worst, sockets[0])
  t.end()
})

t.test('the key of a group is that of its destination, place and package', (t) => {
  const same = groupKey('db:5432', { ...opener })
  t.equal(groupKey('db:5432', opener), same)
  const others = [
    groupKey('db:5433', opener),
    groupKey('db:5432', { ...opener, place: null }),
    groupKey('db:5432', { ...opener, place: 'null' }),
    groupKey('db:5432', { ...opener, package: null }),
    groupKey('db:5432', { place: opener.package, package: opener.place }),
  ]
  t.equal(new Set([same, ...others]).size, others.length + 1)
  t.end()
})
