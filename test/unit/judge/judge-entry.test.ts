import { Socket } from 'node:net'
import t from 'tap'
import type { Asked, Decision } from '../../../src/connections/policy'
import { type Entry, Registry } from '../../../src/connections/registry'
import { judgeEntry, surroundings } from '../../../src/judge/judge-entry'
import type { Schedule } from '../../../src/judge/verdict'
import type { KernelWord } from '../../../src/kernel/kernel-word'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { parseConfig } from '../../../src/settings/config'
import { fires, hidden, off } from '../../kernel-words'

const { config } = parseConfig({})
const hourMs = 3_600_000

const soon = fires(29_000)
const none: Schedule = { delayMs: null, intervalMs: null, probes: null }

const ours: Decision = {
  action: 'protect',
  delayMs: 45_000,
  intervalMs: 15_000,
  probes: 4,
  reason: 'unasked',
}
const kernels: Decision = { ...ours, delayMs: null, intervalMs: null, probes: null }
const late: Decision = { ...ours, delayMs: 600_000, reason: 'respected' }
const exempt: Decision = { action: 'leave', reason: 'exempt' }

function asks(asked: Partial<Asked>): Asked {
  return { enable: true, delayMs: null, intervalMs: null, probes: null, ...asked }
}

function entry(decision: Decision, asked: Asked | null, ageMs: number | null): Entry {
  const endpoint = { host: 'db', port: 1 }
  const added = new Registry().add(new Socket(), endpoint, asked, decision, undefined)
  added.openedAt = ageMs === null ? null : (added.openedAt ?? 0) - ageMs
  return added
}

const table: readonly [
  name: string,
  decision: Decision,
  asked: Asked | null,
  word: KernelWord,
  ageMs: number | null,
  sysctlDelayMs: number | null,
  verdict: string,
][] = [
  ['our schedule', ours, null, soon, hourMs, 7_200_000, 'safe'],
  ['our schedule, but the kernel says off', ours, null, off, hourMs, 7_200_000, 'at-risk'],
  ['our schedule, open before the hook', ours, null, soon, null, null, 'safe'],
  ['our schedule, and the kernel hides it', ours, null, hidden(), hourMs, 7_200_000, 'unknown'],
  [
    'our schedule, whatever was asked',
    ours,
    asks({ delayMs: 600_000 }),
    soon,
    hourMs,
    null,
    'safe',
  ],
  ['a respected delay beyond the limit', late, null, soon, hourMs, null, 'at-risk'],
  ['kernel mode, sysctls of 2 h', kernels, null, soon, hourMs, 7_200_000, 'at-risk'],
  ['kernel mode, sysctls of 60 s', kernels, null, soon, hourMs, 60_000, 'safe'],
  ['kernel mode, sysctls not known', kernels, null, soon, hourMs, null, 'unknown'],
  ['kernel mode, sysctls not known, young', kernels, null, soon, 1_000, null, 'safe'],
  ['left alone, nothing asked, on by somebody', exempt, null, soon, hourMs, 60_000, 'unknown'],
  ['left alone, nothing asked, young', exempt, null, soon, 1_000, 7_200_000, 'safe'],
  ['left alone, nothing asked, open before the hook', exempt, null, soon, null, null, 'unknown'],
  ['left alone, nothing asked, off', exempt, null, off, 1_000, 60_000, 'at-risk'],
  ['left alone, 60 s asked', exempt, asks({ delayMs: 60_000 }), soon, hourMs, null, 'safe'],
  ['left alone, 10 m asked', exempt, asks({ delayMs: 600_000 }), soon, hourMs, null, 'at-risk'],
  ['left alone, on without a delay', exempt, asks({}), soon, hourMs, 60_000, 'safe'],
  ['left alone, on without a delay, 2 h', exempt, asks({}), soon, hourMs, 7_200_000, 'at-risk'],
  ['left alone, on without a delay, not known', exempt, asks({}), soon, hourMs, null, 'unknown'],
  [
    'left alone, switched off with a delay, on by somebody',
    exempt,
    asks({ enable: false, delayMs: 60_000 }),
    soon,
    hourMs,
    60_000,
    'unknown',
  ],
]

for (const [name, decision, asked, word, ageMs, sysctlDelayMs, verdict] of table) {
  t.test(`${name}: ${verdict}`, (t) => {
    const sysctls = { ...none, delayMs: sysctlDelayMs }
    const around = { limitMs: 240_000, sysctls }
    t.equal(judgeEntry(entry(decision, asked, ageMs), word, around).verdict, verdict)
    t.end()
  })
}

t.test('the limit is that of the settings', (t) => {
  const around = { limitMs: 30_000, sysctls: none }
  t.equal(judgeEntry(entry(ours, null, 0), soon, around).verdict, 'at-risk')
  t.end()
})

t.test('the surroundings are the limit of the settings and the sysctls in milliseconds', (t) => {
  const folder = t.testdir({
    sys: {
      net: {
        ipv4: {
          tcp_keepalive_time: '120\n',
          tcp_keepalive_intvl: '75\n',
          tcp_keepalive_probes: '9\n',
        },
      },
    },
  })
  const known = surroundings(createProcFs(folder, 'linux'), { ...config, limitMs: 350_000 })
  const sysctls = { delayMs: 120_000, intervalMs: 75_000, probes: 9 }
  t.strictSame(known, { limitMs: 350_000, sysctls })
  t.end()
})

t.test('sysctls that cannot be read are not known, and not 0', (t) => {
  const unreadable = [
    createProcFs(t.testdir({ sys: {} }), 'linux'),
    createProcFs('/proc', 'darwin'),
    createProcFs(t.testdir({ sys: { net: { ipv4: { tcp_keepalive_time: 'x' } } } }), 'linux'),
  ]
  for (const proc of unreadable) t.strictSame(surroundings(proc, config).sysctls, none)
  t.end()
})

const around = { limitMs: 240_000, sysctls: none }

t.test('a socket that was once seen beyond its delay is never safe again by that', (t) => {
  const one = entry(ours, null, hourMs)
  const verdicts = [45_000, 50_000, 60_000, 45_000, 29_000, 0].map(
    (leftMs) => judgeEntry(one, fires(leftMs), around).verdict,
  )
  t.strictSame(verdicts, ['safe', 'safe', 'unknown', 'unknown', 'unknown', 'unknown'])
  t.match(judgeEntry(one, soon, around).reason, /something else has changed that\.$/)
  one.changedBehind = false
  t.equal(judgeEntry(one, soon, around).verdict, 'safe', 'until a delay is put on it again')
  t.end()
})

t.test('another connection of the same socket begins anew', (t) => {
  const registry = new Registry()
  const socket = new Socket()
  const add = () => registry.add(socket, { host: 'db', port: 1 }, null, ours, undefined)
  t.ok(add())
  const first = add()
  judgeEntry(first, fires(60_000), around)
  t.equal(first.changedBehind, true)
  t.equal(add().changedBehind, false)
  t.end()
})

t.test('the times of a dying one are ours, those of the sysctls, or not known', (t) => {
  const sysctls = { delayMs: 60_000, intervalMs: 20_000, probes: 5 }
  const dying = fires(5_000, { unansweredProbes: 2 })
  const cases: readonly [Decision, Asked | null, Schedule, RegExp][] = [
    [ours, null, sysctls, /in about 35s\.$/],
    [kernels, null, sysctls, /in about 1m5s\.$/],
    [kernels, null, none, /is not known\.$/],
    [exempt, null, sysctls, /is not known\.$/],
    [exempt, asks({}), sysctls, /in about 1m5s\.$/],
    [exempt, asks({ delayMs: 9_000 }), sysctls, /is not known\.$/],
    [exempt, asks({ delayMs: 9_000, intervalMs: 6_000, probes: 3 }), sysctls, /in about 11s\.$/],
    [{ ...exempt, touched: true }, asks({}), sysctls, /is not known\.$/],
  ]
  for (const [decision, asked, given, reason] of cases) {
    const judged = judgeEntry(entry(decision, asked, 0), dying, {
      limitMs: 240_000,
      sysctls: given,
    })
    t.match(judged, { verdict: 'dying', reason }, JSON.stringify([decision, asked]))
  }
  t.end()
})
