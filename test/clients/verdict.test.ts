import t from 'tap'
import type { SocketOptions } from '../oracle/options-of-process'
import type { Case } from './cases'
import type { Moment, Performance } from './perform'
import { renderRows, renderTable } from './table'
import { CAP_SECONDS, holes, type Result } from './verdict'

const one: Case = { name: 'a client', file: 'a.cjs', package: 'a', server: 'http' }
const nameOf = (name: string) => `${name}@1.0.0`

const address = { address: '198.51.100.11', port: 1 }
const socket = { fd: 3, local: address, remote: address, interval: 1, count: 10 }
const on = (idle: number): SocketOptions => ({ ...socket, on: true, idle })
const off: SocketOptions = { ...socket, on: false, idle: 7200 }

/** The same sockets at every moment, unless `at` says otherwise, to the one target. */
function performance(
  sockets: SocketOptions[],
  at: Partial<Record<Moment, SocketOptions[]>> = {},
  failures: string[] = [],
): Performance {
  const all = { '1 s': sockets, '5 s': sockets, pool: sockets, ...at }
  const looks = Object.entries(all).map(([moment, found]) => [moment, { plain: found }])
  return { looks: Object.fromEntries(looks), failures }
}

const result = (without: Performance, hooked: Performance): Result => ({ one, without, hooked })

t.test('what is protected is no hole', async (t) => {
  const ours = on(CAP_SECONDS)
  const fine: [string, Performance, Performance][] = [
    ['off before', performance([off]), performance([ours])],
    ['too late before', performance([on(7200)]), performance([ours])],
    ['shorter before, and kept', performance([on(5)]), performance([on(5)])],
    // Node 24 asks for one second on a TLS socket through a proxy, and does not get it to the kernel.
    ['a wish that only the hook fulfils', performance([off]), performance([on(1)])],
    [
      'closed after the answer',
      performance([off], { pool: [] }),
      performance([ours], { pool: [] }),
    ],
    [
      'the program changes its mind',
      performance([off], { '5 s': [on(1)], pool: [on(1)] }),
      performance([ours], { '5 s': [on(1)], pool: [on(1)] }),
    ],
    ['two connections, one its own', performance([off, on(1)]), performance([on(1), ours])],
  ]
  for (const [name, without, hooked] of fine) t.strictSame(holes(result(without, hooked)), [], name)
})

t.test('every way to be a hole is told', async (t) => {
  const ours = on(CAP_SECONDS)
  const wrong: [string, Performance, Performance, RegExp][] = [
    ['off', performance([off]), performance([off]), /^1 s, plain: keepalive is off with the hook$/],
    ['too late', performance([off]), performance([on(7200)]), /the hook leaves 7200\/1\/10$/],
    [
      'one of two',
      performance([off, off]),
      performance([ours, off]),
      /keepalive is off with the hook/,
    ],
    [
      'only later',
      performance([off]),
      performance([ours], { '5 s': [off] }),
      /^5 s, plain: keepalive is off/,
    ],
    ['only in the pool', performance([off]), performance([ours], { pool: [off] }), /^pool, plain/],
    [
      'a shorter one of the program is lost',
      performance([on(5)]),
      performance([ours]),
      /the hook leaves 45\/1\/10 where the program has 5 s$/,
    ],
    ['no connection', performance([off]), performance([]), /^1 s, plain: there is no connection$/],
    [
      'no look',
      performance([off]),
      { looks: {}, failures: [] },
      /nobody looked at the connections/,
    ],
    [
      'no look at the pool',
      performance([off]),
      { looks: { '1 s': { plain: [ours] }, '5 s': { plain: [ours] } }, failures: [] },
      /^pool: nobody looked with the hook$/,
    ],
    [
      'a failure',
      performance([off], {}, ['it broke']),
      performance([ours]),
      /^without the hook: it/,
    ],
    [
      'a failure with the hook',
      performance([off]),
      performance([ours], {}, ['it broke']),
      /^with the hook: it broke$/,
    ],
  ]
  for (const [name, without, hooked, text] of wrong) {
    const found = holes(result(without, hooked))
    t.ok(
      found.some((hole) => text.test(hole)),
      `${name}: ${found.join('; ')}`,
    )
  }
})

t.test('the table has a line a case, and names the holes below', async (t) => {
  const without = performance([off], { '5 s': [on(1)] })
  const fine = result(without, performance([on(45)], { '5 s': [on(1)] }))
  const table = renderTable([{ ...fine, hooked: performance([off]) }], nameOf).split('\n')
  t.match(
    table[0],
    /^client +package +plain +TLS +pool +hook: plain +hook: TLS +hook: pool +verdict$/,
  )
  t.match(table[1], /^a client +a@1\.0\.0 +OFF → 1\/1\/10 +- +OFF \/ - +OFF +- +OFF \/ - +HOLE$/)
  t.equal(table[2], '')
  t.equal(table[3], 'a client: 1 s, plain: keepalive is off with the hook')
  t.match(renderTable([fine], nameOf), /ok$/)
})

t.test(
  'the table for people marks what is no protection, and where two addresses differ',
  async (t) => {
    const looks = { tls: [on(60)], 'tls-multi': [on(7200)] }
    const without = { looks: { '1 s': looks, '5 s': looks, pool: looks }, failures: [] }
    const [, , row] = renderRows([result(without, performance([on(45)]))], nameOf)
    const late = '60/1/10 (multi: **7200/1/10**)'
    t.equal(row, `| a client | a@1.0.0 | - | ${late} | - / ${late} | 45/1/10 | - | 45/1/10 / - |`)
  },
)
