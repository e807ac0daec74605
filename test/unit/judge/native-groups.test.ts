import t from 'tap'
import { ForeignWatch, type JudgedForeign } from '../../../src/judge/native-groups'
import type { Verdict } from '../../../src/judge/verdict'
import { off } from '../../kernel-words'

const remote = { address: '10.0.0.9', port: 9_092 }

function socket(
  inode: number,
  verdict: Verdict['verdict'],
  changes: Partial<JudgedForeign> = {},
): JudgedForeign {
  return {
    inode,
    fds: [inode],
    local: { address: '10.0.0.2', port: 40_000 + inode },
    remote,
    state: 'established',
    word: off,
    judged: { verdict, reason: 'Keepalive is off.' },
    holder: 'native',
    options: null,
    ...changes,
  }
}

/** What a look finds: a letter for each inode, in order, `.` for one that is closed. */
const found: Readonly<Record<string, (inode: number) => JudgedForeign | null>> = {
  r: (inode) => socket(inode, 'at-risk'),
  s: (inode) => socket(inode, 'safe'),
  u: (inode) => socket(inode, 'unknown'),
  d: (inode) => socket(inode, 'dying'),
  // Closed by the peer.
  c: (inode) =>
    socket(inode, 'at-risk', {
      judged: { verdict: 'at-risk', reason: '.', cause: 'closed-by-peer' },
    }),
  // Held by nobody that is known, and by JavaScript that received it.
  n: (inode) => socket(inode, 'at-risk', { holder: null }),
  j: (inode) => socket(inode, 'at-risk', { holder: 'javascript' }),
  // Not an outbound TCP connection.
  x: () => null,
}

/** The inodes each look tells of, and whether the next look reads the table for the same inodes. */
function looks(series: readonly string[]): string[] {
  const watch = new ForeignWatch()
  return series.map((look) => {
    const inodes = new Set<number>()
    const sockets: JudgedForeign[] = []
    for (const [inode, letter] of [...look].entries()) {
      if (letter === '.') continue
      inodes.add(inode)
      const one = found[letter]?.(inode)
      if (one) sockets.push(one)
    }
    const told = watch.take(inodes, sockets).flatMap(({ sockets }) => sockets)
    return `${told.map(({ inode }) => inode)}${watch.hasNew(inodes) ? '?' : ''}`
  })
}

const table: readonly [name: string, series: readonly string[], told: readonly string[]][] = [
  ['nothing is open', ['', ''], ['', '']],
  ['what is safe, or no connection, settles at once', ['sx', 'sx'], ['', '']],
  ['what is at risk is told of at the second look', ['r', 'r', 'r'], ['?', '0', '']],
  ['a library that sets its options late is not told of', ['r', 's', 's'], ['?', '', '']],
  ['what is not known is looked at again, and not told of', ['u', 'u', 'u'], ['?', '?', '?']],
  ['not known, then at risk twice', ['u', 'r', 'r'], ['?', '?', '0']],
  ['not known, then safe', ['u', 's', 's'], ['?', '', '']],
  ['what was told of is told once', ['rr', 'rr', 'rr'], ['?', '0,1', '']],
  ['another one later is told by itself', ['r.', 'rr', 'rr', 'rr'], ['?', '0?', '1', '']],
  [
    'an inode that was closed and is used again is new',
    ['r', 'r', '.', 'r', 'r'],
    ['?', '0', '', '?', '0'],
  ],
  ['what was safe is not looked at again', ['s', 'r', 'r'], ['', '', '']],
  ['what nobody is known to hold is told of', ['n', 'n'], ['?', '0']],
  ['what JavaScript has received is not', ['j', 'j'], ['', '']],
  ['what the peer has closed is not', ['c', 'c'], ['', '']],
  ['at risk, then closed by the peer', ['r', 'c', 'c'], ['?', '', '']],
  ['what is dying is looked at again, and not told of', ['d', 'd', 'd'], ['?', '?', '?']],
  ['at risk, then dying, then at risk', ['r', 'd', 'r'], ['?', '?', '0']],
  ['what closes before the second look is not told of', ['r', '.', 'r'], ['?', '', '?']],
]

for (const [name, series, told] of table) {
  t.test(name, (t) => {
    t.same(looks(series), told)
    t.end()
  })
}

t.test('at risk twice is told of, also where the word was hidden in between', (t) => {
  t.same(looks(['r', 'u', 'r']), ['?', '?', '0'])
  t.end()
})

t.test('connections to one address and port are one group', (t) => {
  const watch = new ForeignWatch()
  const sockets = [
    socket(1, 'at-risk'),
    socket(2, 'at-risk', { remote: { ...remote, port: 9_093 } }),
    socket(3, 'at-risk'),
    socket(4, 'at-risk', { remote: { ...remote, address: '10.0.0.10' } }),
    socket(5, 'safe'),
  ]
  const inodes = new Set(sockets.map(({ inode }) => inode))
  t.same(watch.take(inodes, sockets), [])
  t.same(
    watch
      .take(inodes, sockets)
      .map(({ remote, sockets }) => [remote, sockets.map(({ inode }) => inode)]),
    [
      [remote, [1, 3]],
      [{ ...remote, port: 9_093 }, [2]],
      [{ ...remote, address: '10.0.0.10' }, [4]],
    ],
  )
  t.end()
})

t.test('only inodes that are not settled are new', (t) => {
  const watch = new ForeignWatch()
  t.ok(watch.hasNew([1]))
  t.notOk(watch.hasNew([]))
  watch.take(new Set([1, 2]), [socket(1, 'safe')])
  t.notOk(watch.hasNew([1, 2]))
  t.notOk(watch.hasNew(new Set([2])))
  t.ok(watch.hasNew([1, 2, 3]))
  t.end()
})
