import { Socket } from 'node:net'
import t from 'tap'
import type { Asked, Decision } from '../../../src/connections/policy'
import { type Entry, Registry } from '../../../src/connections/registry'
import { judgeEntry, surroundings } from '../../../src/judge/judge-entry'
import type { KernelWord } from '../../../src/kernel/kernel-word'
import { createProcFs } from '../../../src/kernel/proc-fs'
import { parseConfig } from '../../../src/settings/config'

const { config } = parseConfig({})
const hourMs = 3_600_000

const off: KernelWord = { armed: false, nextTimerMs: null, why: null, passing: false }
const soon: KernelWord = { armed: true, nextTimerMs: 29_000, why: null, passing: false }
const hidden: KernelWord = { armed: null, nextTimerMs: null, why: 'why', passing: true }

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

function entry(decision: Decision, asked: Asked | null, ageMs: number): Entry {
  const endpoint = { host: 'db', port: 1 }
  const added = new Registry().add(new Socket(), endpoint, asked, decision, undefined)
  added.openedAt = (added.openedAt ?? 0) - ageMs
  return added
}

const table: readonly [
  name: string,
  decision: Decision,
  asked: Asked | null,
  word: KernelWord,
  ageMs: number,
  sysctlDelayMs: number | null,
  verdict: string,
][] = [
  ['our schedule', ours, null, soon, hourMs, 7_200_000, 'safe'],
  ['our schedule, but the kernel says off', ours, null, off, hourMs, 7_200_000, 'at-risk'],
  ['our schedule, and the kernel hides it', ours, null, hidden, hourMs, 7_200_000, 'unknown'],
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
    const around = { limitMs: 240_000, sysctlDelayMs }
    t.equal(judgeEntry(entry(decision, asked, ageMs), word, around).verdict, verdict)
    t.end()
  })
}

t.test('the limit is that of the settings', (t) => {
  const around = { limitMs: 30_000, sysctlDelayMs: null }
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
  t.strictSame(known, { limitMs: 350_000, sysctlDelayMs: 120_000 })
  t.end()
})

t.test('sysctls that cannot be read are not known, and not 0', (t) => {
  const unreadable = [
    createProcFs(t.testdir({ sys: {} }), 'linux'),
    createProcFs('/proc', 'darwin'),
    createProcFs(t.testdir({ sys: { net: { ipv4: { tcp_keepalive_time: 'x' } } } }), 'linux'),
  ]
  for (const proc of unreadable) t.equal(surroundings(proc, config).sysctlDelayMs, null)
  t.end()
})
