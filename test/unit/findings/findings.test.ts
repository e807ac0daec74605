import t from 'tap'
import type { Decision, Leave, Protection } from '../../../src/connections/policy'
import { closedFinding } from '../../../src/findings/closed-finding'
import { deathFinding } from '../../../src/findings/death-finding'
import { hookFinding } from '../../../src/findings/hook-finding'
import { idleFinding } from '../../../src/findings/idle-finding'
import { kernelFinding, kernelUnknownFinding } from '../../../src/findings/kernel-finding'
import { learnedFinding } from '../../../src/findings/learned-finding'
import { type BareGroup, foreignFinding } from '../../../src/findings/native-finding'
import { settingFinding } from '../../../src/findings/setting-finding'
import type { Death, DeathGroup } from '../../../src/judge/deaths'
import type { IdleSummary } from '../../../src/judge/idle-groups'
import type { JudgedForeign } from '../../../src/judge/native-groups'
import { type Config, parseConfig } from '../../../src/settings/config'
import { off } from '../../kernel-words'
import { protection } from '../../standard-protection'

const { config: standard } = parseConfig({})

const opener = { place: '/app/db.js:12', package: 'pg' }
const request = { method: 'GET', host: 'api.internal', path: '/v1/items' }
const byHost = { ...request, path: null }
const unnamed = { method: null, host: null, path: null }

const reasons = {
  safe: 'The kernel probes after 45s idle; its timer fires in 12s.',
  'at-risk': 'Keepalive is off; the path forgets it after 4m.',
  unknown: 'It is not known: why.',
  dying: '3 probes in a row have gone unanswered; the kernel gives it up in about 9s.',
} as const

type Kind = keyof typeof reasons

const counts = (changes: Partial<Record<Kind, number>>): Record<Kind, number> => ({
  safe: 0,
  unknown: 0,
  'at-risk': 0,
  dying: 0,
  ...changes,
})

/** A summary whose worst connection has this verdict and decision; one connection unless `changes` says otherwise. */
function summary(
  kind: Kind,
  changes: Partial<IdleSummary> = {},
  decision: Decision = protection,
): IdleSummary {
  return {
    destination: 'db.internal:5432',
    opener,
    count: 1,
    minIdleMs: 192_000,
    maxIdleMs: 192_000,
    verdicts: counts({ [kind]: changes.count ?? 1 }),
    closed: 0,
    unseen: 0,
    worst: {
      destination: 'db.internal:5432',
      opener,
      idleMs: 192_000,
      decision,
      judged: { verdict: kind, reason: reasons[kind] },
      request: null,
    },
    request: null,
    ...changes,
  }
}

function idleText(
  kind: Kind,
  changes: Partial<IdleSummary> = {},
  config: Partial<Config> = {},
  decision: Decision = protection,
): string {
  return idleFinding(summary(kind, changes, decision), { ...standard, ...config }).text
}

const nat = { limitMs: 350_000, middleboxes: ['AWS NAT Gateway', 'AWS Network Load Balancer'] }

function death(changes: Partial<Death> = {}): Death {
  return {
    destination: 'db.internal:5432',
    opener,
    end: 'reset',
    code: 'ECONNRESET',
    minIdleMs: 355_000,
    maxIdleMs: 360_000,
    sent: true,
    decision: { action: 'leave', reason: 'excluded', rule: '*.internal' },
    firstProbeMs: null,
    waits: false,
    request: null,
    timer: null,
    stillMs: 0,
    recurs: null,
    ...changes,
  }
}

function deaths(...all: Death[]): DeathGroup {
  return { code: 'NKA301', deaths: all, fits: [nat] }
}

function deathText(changes: Partial<Death> = {}, group: Partial<DeathGroup> = {}): string {
  return deathFinding({ ...deaths(death(changes)), ...group }, standard).text
}

const alb = { limitMs: 60_000, middleboxes: ['AWS Application Load Balancer'] }

function closed(all: Partial<Death>[], fits: DeathGroup['fits'] = [alb]) {
  const idle = { minIdleMs: 60_000, maxIdleMs: 62_000 }
  const group = all.map((changes) =>
    death({
      end: 'hang-up',
      code: null,
      sent: false,
      decision: protection,
      firstProbeMs: 45_000,
      waits: true,
      ...idle,
      ...changes,
    }),
  )
  return closedFinding({ code: 'NKA303', deaths: group, fits }, standard)
}

t.test('NKA001 is the message of the setting', (t) => {
  t.strictSame(
    settingFinding('NAT_KEEPALIVE_DELAY', '45', 'NAT_KEEPALIVE_DELAY="45" was refused.'),
    {
      code: 'NKA001',
      text: 'NAT_KEEPALIVE_DELAY="45" was refused.',
      data: { variable: 'NAT_KEEPALIVE_DELAY', value: '45' },
    },
  )
  t.end()
})

t.test('NKA002 is what was said of the hook', (t) => {
  t.strictSame(hookFinding('The hook is not in place.'), {
    code: 'NKA002',
    text: 'The hook is not in place.',
    data: {},
  })
  t.strictSame(hookFinding('Two versions.', { first: '1.0.0' }).data, { first: '1.0.0' })
  t.end()
})

const sysctls = { timeSeconds: 7_200, intervalSeconds: 75, probes: 9 }
const remedy =
  'Set net.ipv4.tcp_keepalive_time=45, net.ipv4.tcp_keepalive_intvl=15 and ' +
  'net.ipv4.tcp_keepalive_probes=24 for this network namespace (sysctl, docker --sysctl, a ' +
  "pod's securityContext.sysctls), or silence this with NAT_KEEPALIVE_SYSCTL=off."
const seen =
  'The kernel would send its first keepalive probe after 7200 s idle, but the path forgets an ' +
  'idle connection after 4m (net.ipv4.tcp_keepalive_time=7200, tcp_keepalive_intvl=75, ' +
  'tcp_keepalive_probes=9). '

t.test('NKA101 in socket mode', (t) => {
  t.strictSame(kernelFinding(sysctls, standard), {
    code: 'NKA101',
    text:
      `${seen}This concerns only sockets the hook cannot reach (native code, for example); those ` +
      `of JavaScript are probed after 45s. ${remedy}`,
    data: {
      timeSeconds: 7_200,
      intervalSeconds: 75,
      probes: 9,
      limitMs: 240_000,
      mode: 'socket',
    },
  })
  t.end()
})

t.test('NKA101 in kernel mode', (t) => {
  const finding = kernelFinding(sysctls, { ...standard, mode: 'kernel' })
  t.equal(
    finding.text,
    `${seen}NAT_KEEPALIVE_MODE=kernel leaves every socket of this process to these values. ${remedy}`,
  )
  t.equal(finding.data.mode, 'kernel')
  t.end()
})

t.test('NKA101 advises the values of the settings, in seconds', (t) => {
  const config = { ...standard, delayMs: 87_000, intervalMs: 10_000, probes: 6, limitMs: 350_000 }
  const { text } = kernelFinding(sysctls, config)
  t.match(text, 'after 5m50s (')
  t.match(text, 'are probed after 1m27s.')
  t.match(text, 'Set net.ipv4.tcp_keepalive_time=87, net.ipv4.tcp_keepalive_intvl=10 and ')
  t.match(text, 'net.ipv4.tcp_keepalive_probes=6 for')
  t.end()
})

t.test('NKA101 where the values are not known', (t) => {
  t.strictSame(kernelUnknownFinding('there is no /proc on darwin'), {
    code: 'NKA101',
    text:
      "Whether the kernel's keepalive settings suit the path is not known: there is no /proc on " +
      'darwin. Let the process read /proc/sys/net/ipv4/tcp_keepalive_time, _intvl and _probes, or ' +
      'set NAT_KEEPALIVE_SYSCTL=off.',
    data: { known: false, why: 'there is no /proc on darwin' },
  })
  t.end()
})

t.test('NKA201 for one connection', (t) => {
  t.strictSame(idleFinding(summary('safe'), standard), {
    code: 'NKA201',
    text:
      'A connection to db.internal:5432 has been idle for 3m12s, and keepalive protects it. The ' +
      'kernel probes after 45s idle; its timer fires in 12s. Opened at /app/db.js:12 by the ' +
      'package pg. Nothing is lost on a path that forgets idle connections, and this is told once; ' +
      'if it is expected, raise NAT_KEEPALIVE_IDLE_WARN or set it to off.',
    data: {
      destination: 'db.internal:5432',
      count: 1,
      verdicts: counts({ safe: 1 }),
      closedByPeer: 0,
      idleMs: 192_000,
      reason: reasons.safe,
      request: null,
      opener,
      limitMs: 240_000,
    },
  })
  t.end()
})

t.test('NKA201 for several connections', (t) => {
  t.equal(
    idleText('safe', { count: 500, maxIdleMs: 231_400 }),
    '500 connections to db.internal:5432 have been idle for 3m12s to 3m51s, and keepalive protects ' +
      'them. The kernel probes after 45s idle; its timer fires in 12s. Opened at /app/db.js:12 by ' +
      'the package pg. Nothing is lost on a path that forgets idle connections, and this is told ' +
      'once; if it is expected, raise NAT_KEEPALIVE_IDLE_WARN or set it to off.',
  )
  t.end()
})

t.test('NKA201 only where the kernel confirmed every one of them', (t) => {
  const table: readonly [Record<Kind, number>, string][] = [
    [counts({ safe: 3, 'at-risk': 0, unknown: 0 }), 'NKA201'],
    [counts({ safe: 2, 'at-risk': 1, unknown: 0 }), 'NKA202'],
    [counts({ safe: 2, 'at-risk': 0, unknown: 1 }), 'NKA202'],
    [counts({ safe: 0, 'at-risk': 0, unknown: 3 }), 'NKA202'],
    [counts({ safe: 2, dying: 1 }), 'NKA202'],
  ]
  for (const [verdicts, code] of table) {
    const finding = idleFinding(summary('safe', { count: 3, verdicts }), standard)
    t.equal(finding.code, code, JSON.stringify(verdicts))
    t.equal(/protects|Nothing is lost/.test(finding.text), code === 'NKA201')
  }
  t.end()
})

const exempt: Leave = { action: 'leave', reason: 'exempt' }
const dangerous =
  'A NAT gateway or firewall that forgets it tells nobody, and a request that waits on it is never ' +
  'answered.'

t.test('NKA202 for one connection at risk', (t) => {
  t.strictSame(idleFinding(summary('at-risk', {}, exempt), standard), {
    code: 'NKA202',
    text:
      'A connection to db.internal:5432 has been idle for 3m12s, and nothing that comes in time ' +
      'keeps it alive. Keepalive is off; the path forgets it after 4m. ' +
      `${dangerous} Opened at /app/db.js:12 by the package pg. The program exempted it: remove the ` +
      'call of exempt().',
    data: {
      destination: 'db.internal:5432',
      count: 1,
      verdicts: counts({ 'at-risk': 1 }),
      closedByPeer: 0,
      idleMs: 192_000,
      reason: reasons['at-risk'],
      request: null,
      opener,
      limitMs: 240_000,
    },
  })
  t.end()
})

t.test('NKA202 says how many are at risk, or not known', (t) => {
  const table: readonly [Record<Kind, number>, string][] = [
    [
      counts({ safe: 0, 'at-risk': 20, unknown: 0 }),
      'and nothing that comes in time keeps them alive. ',
    ],
    [
      counts({ safe: 17, 'at-risk': 3, unknown: 0 }),
      'and nothing that comes in time keeps 3 of them alive. ',
    ],
    [
      counts({ safe: 0, 'at-risk': 3, unknown: 17 }),
      'and nothing that comes in time keeps 3 of them alive. ',
    ],
    [
      counts({ safe: 0, 'at-risk': 0, unknown: 20 }),
      'and whether anything keeps them alive is not known. ',
    ],
    [
      counts({ safe: 19, 'at-risk': 0, unknown: 1 }),
      'and whether anything keeps 1 of them alive is not known. ',
    ],
  ]
  for (const [verdicts, state] of table) {
    const kind = verdicts['at-risk'] > 0 ? 'at-risk' : 'unknown'
    const text = idleText(kind, { count: 20, maxIdleMs: 200_000, verdicts })
    const seen = '20 connections to db.internal:5432 have been idle for 3m12s to 3m20s, '
    t.ok(text.startsWith(`${seen}${state}${reasons[kind]} ${dangerous} `), text)
  }
  t.match(idleText('unknown'), 'idle for 3m12s, and whether anything keeps it alive is not known. ')
  t.end()
})

t.test('NKA202 for connections on which nobody answers', (t) => {
  const text = (count: number, dying: number, others: Partial<Record<Kind, number>> = {}) =>
    idleText('dying', { count, verdicts: counts({ dying, ...others }), request })
  const advice =
    'See whether the peer runs and the path to it is open; where other connections to it are ' +
    'answered, something on the path has forgotten this one, or swallows its probes.'
  t.equal(
    text(1, 1),
    'A connection to db.internal:5432 has been idle for 3m12s, and nobody answers on it any more. ' +
      `${reasons.dying} A request waits on it: GET api.internal/v1/items. Opened at /app/db.js:12 ` +
      `by the package pg. ${advice}`,
  )
  t.match(text(5, 5), ', and nobody answers on them any more. ')
  t.match(text(5, 2, { 'at-risk': 2, safe: 1 }), ', and nobody answers on 2 of them any more. ')
  t.end()
})

t.test('NKA202 for connections that the peer has closed does not speak of the path', (t) => {
  const closed = (changes: Partial<IdleSummary>) => {
    const finding = idleFinding(summary('at-risk', changes), standard)
    t.equal(finding.code, 'NKA202')
    t.notMatch(finding.text, /Nothing is lost|NAT gateway|keeps/)
    t.equal(finding.data.closedByPeer, changes.closed)
    return finding.text
  }
  t.equal(
    closed({ closed: 1 }),
    'A connection to db.internal:5432 has been idle for 3m12s, and the peer has closed it: nothing ' +
      'more will come, and the program has not ended it. Opened at /app/db.js:12 by the package ' +
      'pg. Read what came to its end, then call end() or destroy().',
  )
  t.match(closed({ count: 3, closed: 3 }), 'the peer has closed them: nothing more will come, and ')
  const some = { count: 9, closed: 2, verdicts: counts({ safe: 3, unknown: 4, 'at-risk': 2 }) }
  t.match(closed(some), 'the peer has closed 2 of them: ')
  t.end()
})

t.test('NKA202 counts those that the peer has closed apart from those at risk', (t) => {
  const verdicts = counts({ safe: 1, 'at-risk': 5 })
  const text = idleText('at-risk', { count: 6, closed: 2, verdicts })
  t.match(text, 'and nothing that comes in time keeps 3 of them alive. ')
  t.end()
})

t.test('NKA201 where the kernel cannot be asked: what was set, and why no more is known', (t) => {
  const set = 'A first probe after 45s idle was set on it.'
  const reason =
    'A first probe after 45s idle was set on it, and whether it runs is not known: why.'
  const tell = (changes: Partial<IdleSummary>, sayWhy?: boolean) => {
    const one = summary('unknown', changes)
    const worst = { ...one.worst, judged: { verdict: 'unknown', reason, set } as const }
    return idleFinding({ ...one, worst }, standard, sayWhy)
  }
  const end =
    'Opened at /app/db.js:12 by the package pg. This is told once; if it is expected, raise ' +
    'NAT_KEEPALIVE_IDLE_WARN or set it to off.'
  const seen = 'A connection to db.internal:5432 has been idle for 3m12s. '
  t.match(tell({ unseen: 1 }), { code: 'NKA201', text: `${seen}${reason} ${end}` })
  t.match(tell({ unseen: 1 }, false), { code: 'NKA201', text: `${seen}${set} ${end}` })
  const others: readonly Partial<IdleSummary>[] = [
    { count: 2, unseen: 1 },
    { count: 2, unseen: 1, verdicts: counts({ unknown: 1, 'at-risk': 1 }) },
  ]
  for (const changes of others) t.equal(tell(changes).code, 'NKA202', JSON.stringify(changes))
  t.end()
})

t.test('a request that waits is told of, without where there is none', (t) => {
  const table: readonly [Kind, Partial<IdleSummary>, string][] = [
    ['safe', { request }, ' A request waits on it: GET api.internal/v1/items. Opened at '],
    ['at-risk', { request }, ' A request waits on it: GET api.internal/v1/items. Opened at '],
    ['at-risk', { request, count: 2 }, ' A request waits on one: GET api.internal/v1/items. '],
    ['unknown', { request: { ...request, host: null } }, ' A request waits on it: GET /v1/items. '],
    ['safe', { request: byHost }, ' A request waits on it: GET api.internal. Opened at '],
    ['safe', { request: { ...byHost, host: null } }, ' A request waits on it: GET. Opened at '],
    ['safe', { request: unnamed }, ' A request waits on it. Opened at '],
  ]
  for (const [kind, changes, text] of table) {
    t.match(idleText(kind, changes), text)
    t.same(idleFinding(summary(kind, changes), standard).data.request, changes.request)
  }
  for (const kind of ['safe', 'at-risk', 'unknown'] as const) {
    t.notMatch(idleText(kind), /A request waits on/, kind)
  }
  t.end()
})

const advices: readonly [string, Decision, Partial<Config>, string][] = [
  [
    'excluded',
    { action: 'leave', reason: 'excluded', rule: '*.internal' },
    {},
    'It is excluded by "*.internal": take that out of NAT_KEEPALIVE_EXCLUDE.',
  ],
  ['exempt', exempt, {}, 'The program exempted it: remove the call of exempt().'],
  [
    'respected',
    { action: 'leave', reason: 'respected' },
    { app: 'respect' },
    'The program asked for that and is respected: set NAT_KEEPALIVE_APP=cap.',
  ],
  [
    'respected, with a delay beyond the limit',
    { ...protection, delayMs: 600_000, reason: 'respected' },
    { app: 'respect' },
    'The program asked for that and is respected: set NAT_KEEPALIVE_APP=cap.',
  ],
  [
    'kernel mode',
    { ...protection, delayMs: null, intervalMs: null, probes: null },
    { mode: 'kernel' },
    'NAT_KEEPALIVE_MODE=kernel leaves the times to the sysctls: set them (on Linux ' +
      'net.ipv4.tcp_keepalive_time) below the limit, or use NAT_KEEPALIVE_MODE=socket.',
  ],
  [
    'excluded in kernel mode',
    { action: 'leave', reason: 'excluded', rule: 'db' },
    { mode: 'kernel' },
    'It is excluded by "db": take that out of NAT_KEEPALIVE_EXCLUDE.',
  ],
]

t.test('NKA202 advises the one thing that helps', (t) => {
  for (const [name, decision, config, advice] of advices) {
    for (const kind of ['at-risk', 'unknown'] as const) {
      const text = idleText(kind, {}, config, decision)
      t.ok(text.endsWith(` by the package pg. ${advice}`), `${name}, ${kind}: ${text}`)
    }
  }
  t.match(idleText('unknown'), /by the package pg\. Run "nat-keepalive audit" on this process, /)
  t.end()
})

t.test('NKA202 does not send those who have only our protection to a setting of others', (t) => {
  for (const reason of ['unasked', 'shorter', 'off', 'no-delay', 'longer', 'kernel'] as const) {
    const text = idleText('unknown', {}, {}, { ...protection, reason })
    t.notMatch(text, /NAT_KEEPALIVE_(EXCLUDE|APP|MODE)|exempt/, reason)
  }
  t.end()
})

t.test('the opening place is said as far as it is known', (t) => {
  const table: readonly [IdleSummary['opener'], string][] = [
    [{ place: '/app/db.js:12', package: 'pg' }, ' Opened at /app/db.js:12 by the package pg. '],
    [{ place: '/app/db.js:12', package: null }, ' Opened at /app/db.js:12. '],
    [{ place: null, package: 'pg' }, ' Opened by the package pg. '],
    [{ place: null, package: null }, ' Where it was opened is not known. '],
  ]
  for (const [opener, text] of table) {
    t.match(idleText('safe', { opener }), text)
    t.match(idleText('at-risk', { opener }), text)
    t.match(deathText({ opener }), text)
  }
  t.end()
})

t.test('idle times are whole seconds, and one time where they round to the same', (t) => {
  const table: readonly [min: number, max: number, text: string][] = [
    [500, 500, 'idle for 500ms, '],
    [192_000, 192_000, 'idle for 3m12s, '],
    [192_499, 192_499, 'idle for 3m12s, '],
    [192_500, 192_500, 'idle for 3m13s, '],
    [60_000, 7_200_000, 'idle for 1m to 2h, '],
    [192_100, 192_400, 'idle for 3m12s, '],
  ]
  for (const [minIdleMs, maxIdleMs, text] of table) {
    t.match(idleText('safe', { count: 2, minIdleMs, maxIdleMs }), text)
  }
  t.end()
})

function foreign(changes: Partial<JudgedForeign> = {}): JudgedForeign {
  return {
    inode: 1,
    fds: [20],
    local: { address: '10.0.0.2', port: 40_000 },
    remote: { address: '10.0.0.9', port: 9_092 },
    state: 'established',
    word: off,
    judged: { verdict: 'at-risk', reason: reasons['at-risk'] },
    holder: 'native',
    options: null,
    ...changes,
  }
}

function foreignGroup(
  count: number,
  address = '10.0.0.9',
  holder: JudgedForeign['holder'] = 'native',
): BareGroup {
  const remote = { address, port: 9_092 }
  return {
    remote,
    sockets: Array.from({ length: count }, (_, inode) => foreign({ inode, remote, holder })),
    why: 'Node was started with --no-addons',
    addons: ['pg-native', 'x.node'],
  }
}

t.test('NKA203 for one connection of native code', (t) => {
  t.strictSame(foreignFinding(foreignGroup(1), standard), {
    code: 'NKA203',
    text:
      'A connection to 10.0.0.9:9092 has no useful keepalive. Keepalive is off; the path forgets ' +
      'it after 4m. Native code opened it (loaded: pg-native, x.node), and the hook could not ' +
      'protect it: Node was started with --no-addons. Switch keepalive on in that ' +
      "library's own settings, and let the kernel probe in time: " +
      'net.ipv4.tcp_keepalive_time=45, tcp_keepalive_intvl=15, tcp_keepalive_probes=24.',
    data: {
      destination: '10.0.0.9:9092',
      count: 1,
      reason: reasons['at-risk'],
      why: 'Node was started with --no-addons',
      addons: ['pg-native', 'x.node'],
      holder: 'native',
      limitMs: 240_000,
    },
  })
  t.end()
})

t.test('NKA203 for several connections, with the values of the settings', (t) => {
  const config = { ...standard, delayMs: 87_000, intervalMs: 10_000, probes: 6 }
  const { text, data } = foreignFinding(foreignGroup(3, '2001:db8::9'), config)
  t.match(text, /^3 connections to \[2001:db8::9\]:9092 have no useful keepalive\. /)
  t.match(text, 'Native code opened them (loaded: pg-native, x.node), and the hook could not')
  t.match(text, 'net.ipv4.tcp_keepalive_time=87, tcp_keepalive_intvl=10, tcp_keepalive_probes=6.')
  t.match(data, { destination: '[2001:db8::9]:9092', count: 3 })
  t.end()
})

t.test('NKA203 blames native code only where that is known', (t) => {
  const unknown = foreignGroup(2, '10.0.0.9', null)
  const known = foreignGroup(1)
  const mixed = { ...unknown, sockets: [...known.sockets, ...unknown.sockets] }
  for (const group of [unknown, mixed]) {
    const { text, data } = foreignFinding(group, standard)
    t.match(
      text,
      'Who opened them is not known: native code, or a worker thread, or what started this ' +
        'process (loaded: pg-native, x.node), and the hook could not protect them: Node was started ' +
        'with --no-addons. Switch keepalive on where that is done, and let the kernel probe in time: ',
    )
    t.notMatch(text, 'Native code opened')
    t.equal(data.holder, null)
  }
  t.match(foreignFinding(foreignGroup(1, '10.0.0.9', null), standard).text, 'Who opened it is not')
  t.end()
})

t.test('NKA301 for one connection that nothing protected', (t) => {
  t.strictSame(deathFinding(deaths(death({ request, waits: true })), standard), {
    code: 'NKA301',
    text:
      'A connection to db.internal:5432 was reset (ECONNRESET) after 5m55s to 6m idle, which fits ' +
      'an idle limit of 5m50s (AWS NAT Gateway and 1 more). No keepalive that comes in time was on ' +
      'it. The request GET api.internal/v1/items was waiting for its answer. Opened at ' +
      '/app/db.js:12 by the package pg. It is excluded by "*.internal": take that out of ' +
      'NAT_KEEPALIVE_EXCLUDE.',
    data: {
      destination: 'db.internal:5432',
      count: 1,
      end: 'reset',
      error: 'ECONNRESET',
      sent: true,
      idleMs: 360_000,
      minIdleMs: 355_000,
      fits: [nat],
      protected: false,
      schedule: null,
      timer: null,
      stillMs: 0,
      recurs: null,
      waits: true,
      request,
      opener,
      limitMs: 240_000,
    },
  })
  t.end()
})

t.test('NKA301 names as much of a request as is to be named', (t) => {
  const textOf = (request: Death['request']) =>
    deathFinding({ code: 'NKA301', deaths: [death({ request })], fits: [nat] }, standard).text
  t.match(textOf(byHost), ' The request GET api.internal was waiting for its answer. ')
  t.match(textOf(unnamed), ' The request was waiting for its answer. ')
  t.end()
})

t.test('NKA301 for several: the span of their idle times, and the first request', (t) => {
  const group = deaths(
    death({ minIdleMs: 400_000, maxIdleMs: 410_000 }),
    death({ minIdleMs: 355_000, maxIdleMs: 370_000, request }),
    death({ minIdleMs: 380_000, maxIdleMs: 500_000, request: { ...request, path: '/other' } }),
  )
  const { text, data } = deathFinding(group, standard)
  t.match(
    text,
    /^3 connections to db\.internal:5432 were reset \(ECONNRESET\) after 5m55s to 8m20s idle, /,
  )
  t.match(text, 'The request GET api.internal/v1/items was waiting for its answer.')
  t.match(data, { count: 3, minIdleMs: 355_000, idleMs: 500_000, request })
  t.end()
})

t.test('NKA301 says how it ended, of one and of several', (t) => {
  const idle = '5m55s to 6m idle'
  const limit = 'an idle limit of 5m50s (AWS NAT Gateway and 1 more)'
  const unkept = `which fits ${limit}. No keepalive that comes in time was on it.`
  const table: readonly [Partial<Death>, one: string, two: string][] = [
    [
      { end: 'reset', code: 'ECONNRESET' },
      `was reset (ECONNRESET) after ${idle}, ${unkept}`,
      `were reset (ECONNRESET) after ${idle}, ${unkept}`,
    ],
    [
      { end: 'reset', code: 'ECONNRESET', sent: false },
      `was reset (ECONNRESET) after ${idle} in which nothing was sent: by something on the path ` +
        `that resets what it forgets, which fits ${limit}, or by the peer. `,
      `were reset (ECONNRESET) after ${idle} in which nothing was sent: by something on the path `,
    ],
    [
      { end: 'timed-out', code: 'ETIMEDOUT' },
      `timed out (ETIMEDOUT) after ${idle}, ${unkept}`,
      `timed out (ETIMEDOUT) after ${idle}, ${unkept}`,
    ],
    [
      { end: 'broken-pipe', code: 'EPIPE' },
      `was gone when the program wrote (EPIPE) after ${idle}, ${unkept}`,
      `were gone when the program wrote (EPIPE) after ${idle}, ${unkept}`,
    ],
    [
      { end: 'given-up', code: null },
      `was given up by the program itself after ${idle} without an answer. Whether the answer was ` +
        `lost is not known, but nothing kept the connection alive, and what has ${limit} would ` +
        'have told nobody.',
      `were given up by the program itself after ${idle} without an answer. `,
    ],
    [
      { end: 'given-up', code: 'UND_ERR_HEADERS_TIMEOUT' },
      `was given up by the program itself (UND_ERR_HEADERS_TIMEOUT) after ${idle} without`,
      `were given up by the program itself (UND_ERR_HEADERS_TIMEOUT) after ${idle} without`,
    ],
  ]
  for (const [changes, one, two] of table) {
    const died = death(changes)
    t.match(deathText(changes), `A connection to db.internal:5432 ${one}`)
    t.match(deathText({}, { deaths: [died, died] }), `2 connections to db.internal:5432 ${two}`)
  }
  t.end()
})

t.test('NKA301 names every limit that fits, and how many middleboxes share it', (t) => {
  const table: readonly [DeathGroup['fits'], string][] = [
    [[{ limitMs: 240_000, middleboxes: [] }], '4m (the limit that is set).'],
    [[{ limitMs: 400_000, middleboxes: ['Cloudflare proxy'] }], '6m40s (Cloudflare proxy).'],
    [
      [nat, { limitMs: 240_000, middleboxes: ['A', 'B', 'C'] }],
      '5m50s (AWS NAT Gateway and 1 more) or 4m (A and 2 more).',
    ],
  ]
  for (const [fits, text] of table) {
    t.match(deathText({}, { fits }), `which fits an idle limit of ${text}`)
  }
  t.end()
})

t.test('NKA301 on a schedule that comes too late is not said to protect', (t) => {
  for (const delayMs of [240_000, 600_000]) {
    const late: Protection = { ...protection, delayMs, reason: 'respected' }
    const group = deaths(death({ decision: late, firstProbeMs: delayMs }))
    const { text, data } = deathFinding(group, standard)
    t.match(text, 'No keepalive that comes in time was on it.', `${delayMs} ms`)
    t.equal(data.protected, false)
    t.same(data.schedule, { delayMs, intervalMs: 15_000, probes: 4 })
  }
  t.end()
})

t.test('NKA301 without protection advises as NKA202 does', (t) => {
  for (const [name, decision, config, advice] of advices) {
    const { text } = deathFinding(deaths(death({ decision })), { ...standard, ...config })
    t.ok(text.endsWith(` by the package pg. ${advice}`), `${name}: ${text}`)
  }
  t.end()
})

t.test('behind a middlebox on which probes do not count nothing is called safe', (t) => {
  const behind = (profile: string) => ({ ...standard, profile, limitMs: 300_000 })
  const idle = idleFinding(summary('safe'), behind('docker-desktop'))
  t.equal(idle.code, 'NKA202')
  t.match(
    idle.text,
    'keepalive does not protect it. Behind Docker Desktop where it uses vpnkit keepalive probes are answered and reset nothing: only data of the application counts.',
  )
  t.notMatch(idle.text, 'Nothing is lost')
  t.match(idle.text, /Send something within the limit .*\.$/)
  t.equal(idleFinding(summary('safe'), behind('aws-nat-gateway')).code, 'NKA201')
  const lost = deathFinding(deaths(death({ firstProbeMs: 45_000 })), behind('docker-desktop'))
  t.match(lost.text, 'answered and reset nothing')
  t.notMatch(lost.text, 'No keepalive that comes in time')
  t.end()
})

t.test('NKA303 for a connection that the peer closed while a request waited', (t) => {
  t.strictSame(closed([{ request, code: 'UND_ERR_SOCKET' }]), {
    code: 'NKA303',
    text:
      'A connection to db.internal:5432 was closed by the peer (UND_ERR_SOCKET) after 1m to 1m2s ' +
      'idle, while the request GET api.internal/v1/items waited for an answer, which fits an idle ' +
      'limit of 1m (AWS Application Load Balancer). It was the peer itself or something of layer 7 ' +
      'before it: for an idle limit of its own, which no keepalive probe resets, or because it ' +
      'ended. Opened at /app/db.js:12 by the package pg. Raise that limit above the longest wait, ' +
      'or send something within it.',
    data: {
      destination: 'db.internal:5432',
      count: 1,
      end: 'hang-up',
      error: 'UND_ERR_SOCKET',
      sent: false,
      idleMs: 62_000,
      minIdleMs: 60_000,
      fits: [alb],
      protected: true,
      schedule: { delayMs: 45_000, intervalMs: 15_000, probes: 4 },
      timer: null,
      stillMs: 0,
      recurs: null,
      waits: true,
      request,
      opener,
      limitMs: 240_000,
    },
  })
  t.end()
})

t.test('NKA303 where only that something waited is known, and no limit fits', (t) => {
  const { text } = closed([{}, { end: 'hang-up' }], [])
  const seen =
    /^2 connections to db\.internal:5432 were closed by the peer after 1m to 1m2s idle, while what was sent last waited for an answer\. It was the peer/
  t.match(text, seen)
  t.end()
})

t.test('NKA303 for a reset by the peer', (t) => {
  const { text } = closed([{ end: 'reset', code: 'ECONNRESET' }])
  t.match(text, /^A connection to \S+ was reset by the peer \(ECONNRESET\) after /)
  t.end()
})

t.test('NKA303 names the age at which a peer closes, and that yours has to be below it', (t) => {
  const recurs = { count: 3, minIdleMs: 58_000, maxIdleMs: 62_000 }
  const reused = closed([{ sent: true, recurs, request }], []).text
  t.match(reused, 'The peer has ended 3 connections of this destination after 58s to 1m2s idle')
  t.match(reused, 'Keep yours below 58s, so that the client closes')
  const waited = closed([{ sent: false, recurs, request }], []).text
  t.match(waited, 'after 58s to 1m2s idle: that is its own keep-alive or idle limit')
  t.match(waited, 'Raise that limit above the longest wait')
  t.end()
})

t.test('NKA303 for a reset that may answer the first probe names no culprit', (t) => {
  const idle = { minIdleMs: 44_000, maxIdleMs: 46_000 }
  const { text } = closed([{ end: 'reset', code: 'ECONNRESET', ...idle }], [])
  t.match(text, 'The first keepalive probe went out after 45s, and nothing else')
  t.match(text, 'Which is not known. Opened at')
  t.match(text, 'Measure the path ("nat-keepalive measure db.internal:5432")')
  const later = closed([{ end: 'reset', code: 'ECONNRESET' }], []).text
  t.match(later, 'It was the peer itself or something of layer 7')
  t.end()
})

t.test('NKA303 for a process that stood still says for how long, and what to do', (t) => {
  const idle = { minIdleMs: 59_000, maxIdleMs: 60_000, stillMs: 50_000 }
  const { text } = closed([{ ...idle, sent: true, code: 'ECONNRESET', request }], [])
  t.equal(
    text,
    'A connection to db.internal:5432 was closed by the peer (ECONNRESET) after 59s to 1m idle ' +
      'while the request GET api.internal/v1/items waited for an answer. For at least 50s of that ' +
      'the process stood still: it was stopped, frozen or busy, and could not see what became of its ' +
      'connections; this one had ended when the program used it first after that. All connections in ' +
      'pools may be stale now. Opened at /app/db.js:12 by the package pg. Open new ones after a ' +
      'standstill (NAT_KEEPALIVE_POOL=evict does for the agents of http and https), and repeat what ' +
      'may be repeated.',
  )
  const bare = closed([
    { ...idle, sent: true, firstProbeMs: null, decision: death().decision },
  ]).text
  t.match(bare, 'Nothing kept it alive meanwhile either. It is excluded by "*.internal"')
  const timer = { kind: 'headers', ms: null } as const
  const late = closed([{ ...idle, end: 'given-up', code: null, timer }]).text
  t.match(late, /given up by the client .* and its timer headersTimeout .*, ran out meanwhile\. /)
  t.end()
})

t.test('NKA301 far beyond every limit says that it does not know which', (t) => {
  const ends = ['reset', 'broken-pipe', 'timed-out'] as const
  for (const end of ends) {
    const text = deathText({ end, minIdleMs: 700_000, maxIdleMs: 710_000 }, { fits: [] })
    t.match(text, 'which is longer than some middleboxes remember', end)
    t.match(text, 'so which one it was is not known', end)
  }
  const given = deathText({ end: 'given-up', code: null }, { fits: [] })
  t.match(given, 'and what forgets idle connections would have told nobody')
  t.end()
})

t.test('NKA301 for an idle time below the limit in force that recurs', (t) => {
  const learned = { destination: 'db:5432', count: 3, minIdleMs: 118_000, maxIdleMs: 121_000 }
  t.strictSame(learnedFinding(learned, standard), {
    code: 'NKA301',
    text:
      '3 connections to db:5432 died after 1m58s to 2m1s idle, though the limit in force is 4m: that ' +
      'of this path seems to be nearer 2m1s. Measure it ("nat-keepalive measure db:5432"), and set ' +
      'NAT_KEEPALIVE_LIMIT to what that finds. Nothing was changed.',
    data: { ...learned, learned: true, limitMs: 240_000 },
  })
  t.end()
})

t.test('the facts of every finding survive JSON', (t) => {
  const findings = [
    settingFinding('NAT_KEEPALIVE', 'x', 'text'),
    hookFinding('text'),
    kernelFinding(sysctls, standard),
    kernelUnknownFinding('why'),
    idleFinding(summary('safe', { request }), standard),
    idleFinding(summary('unknown'), standard),
    foreignFinding(foreignGroup(2), standard),
    deathFinding(deaths(death({ decision: protection, request })), standard),
    closed([{ request }]),
  ]
  for (const { data, code } of findings) t.strictSame(JSON.parse(JSON.stringify(data)), data, code)
  t.end()
})
