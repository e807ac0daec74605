import t from 'tap'
import { type Asked, createPolicy, type Decision, overrides } from '../../../src/connections/policy'
import { type Config, parseConfig } from '../../../src/settings/config'

const { config: standard } = parseConfig({})

function asks(asked: Partial<Asked>): Asked {
  return { enable: true, delayMs: null, intervalMs: null, probes: null, ...asked }
}

const nothing = null
const off = asks({ enable: false })
const offWithDelay = asks({ enable: false, delayMs: 5_000 })
const noDelay = asks({})
const noDelayOwnProbes = asks({ intervalMs: 2_000, probes: 3 })
const shorter = asks({ delayMs: 5_000 })
const shorterOwnInterval = asks({ delayMs: 5_000, intervalMs: 2_000 })
const shorterOwnProbes = asks({ delayMs: 5_000, intervalMs: 2_000, probes: 3 })
const equal = asks({ delayMs: 45_000 })
const justLonger = asks({ delayMs: 46_000 })
const longer = asks({ delayMs: 600_000 })
const longerOwnInterval = asks({ delayMs: 600_000, intervalMs: 2_000 })
const longerOwnCount = asks({ delayMs: 600_000, probes: 3 })
const longerOwnProbes = asks({ delayMs: 600_000, intervalMs: 2_000, probes: 3 })

/** `reason delay/interval/probes`, in seconds, `-` for what is left to the kernel. */
function shown(decision: Decision): string {
  if (decision.action === 'leave') return `leave: ${decision.reason}`
  const seconds = (ms: number | null) => (ms === null ? '-' : ms / 1_000)
  const { delayMs, intervalMs, probes, reason } = decision
  return `${reason} ${seconds(delayMs)}/${seconds(intervalMs)}/${probes ?? '-'}`
}

const table: readonly [
  name: string,
  asked: Asked | null,
  capSocket: string,
  capKernel: string,
  respectSocket: string,
  respectKernel: string,
][] = [
  ['nothing', nothing, 'unasked 45/15/24', 'unasked -/-/-', 'unasked 45/15/24', 'unasked -/-/-'],
  ['off', off, 'off 45/15/24', 'off -/-/-', 'leave: respected', 'leave: respected'],
  [
    'off with a delay',
    offWithDelay,
    'off 45/15/24',
    'off -/-/-',
    'leave: respected',
    'leave: respected',
  ],
  [
    'no delay',
    noDelay,
    'no-delay 45/15/24',
    'kernel -/-/-',
    'leave: respected',
    'leave: respected',
  ],
  [
    'no delay, own interval and probes',
    noDelayOwnProbes,
    'no-delay 45/15/24',
    'kernel -/-/-',
    'leave: respected',
    'leave: respected',
  ],
  ['shorter', shorter, 'shorter 5/15/24', 'kernel -/-/-', 'respected 5/15/24', 'leave: respected'],
  [
    'shorter, own interval',
    shorterOwnInterval,
    'shorter 5/2/24',
    'kernel -/-/-',
    'respected 5/2/24',
    'leave: respected',
  ],
  [
    'shorter, own interval and probes',
    shorterOwnProbes,
    'shorter 5/2/3',
    'kernel -/-/-',
    'respected 5/2/3',
    'leave: respected',
  ],
  ['equal', equal, 'shorter 45/15/24', 'kernel -/-/-', 'respected 45/15/24', 'leave: respected'],
  [
    'a second longer',
    justLonger,
    'longer 45/15/24',
    'kernel -/-/-',
    'respected 46/15/24',
    'leave: respected',
  ],
  ['longer', longer, 'longer 45/15/24', 'kernel -/-/-', 'respected 600/15/24', 'leave: respected'],
  [
    'longer, own interval',
    longerOwnInterval,
    'longer 45/2/24',
    'kernel -/-/-',
    'respected 600/2/24',
    'leave: respected',
  ],
  [
    'longer, own probes',
    longerOwnCount,
    'longer 45/15/3',
    'kernel -/-/-',
    'respected 600/15/3',
    'leave: respected',
  ],
  [
    'longer, own interval and probes',
    longerOwnProbes,
    'longer 45/2/3',
    'kernel -/-/-',
    'respected 600/2/3',
    'leave: respected',
  ],
]

const columns: readonly [app: Config['app'], mode: Config['mode'], column: 2 | 3 | 4 | 5][] = [
  ['cap', 'socket', 2],
  ['cap', 'kernel', 3],
  ['respect', 'socket', 4],
  ['respect', 'kernel', 5],
]

for (const [app, mode, column] of columns) {
  t.test(`${app}, ${mode} mode: answers every form of asking`, (t) => {
    const policy = createPolicy({ ...standard, app, mode }, true)
    for (const row of table) t.equal(shown(policy.decide(row[1])), row[column], row[0])
    t.end()
  })

  t.test(
    `${app}, ${mode} mode: the same answer is the same object, so a socket costs none`,
    (t) => {
      const policy = createPolicy({ ...standard, app, mode }, true)
      for (const [name, asked] of table) {
        const again = asked === null ? null : { ...asked }
        t.equal(policy.decide(asked), policy.decide(again), name)
      }
      t.end()
    },
  )
}

t.test('the schedule is the one of the settings', (t) => {
  const policy = createPolicy({ ...standard, delayMs: 20_000, intervalMs: 7_000, probes: 9 }, true)
  t.equal(shown(policy.decide(nothing)), 'unasked 20/7/9')
  t.equal(shown(policy.decide(equal)), 'longer 20/7/9')
  t.equal(shown(policy.decide(shorter)), 'shorter 5/7/9')
  t.end()
})

/** The same, on a Node whose setKeepAlive takes a delay and nothing else. */
const withoutInterval: readonly [
  name: string,
  asked: Asked | null,
  capSocket: string,
  capKernel: string,
  respectSocket: string,
  respectKernel: string,
][] = [
  ['nothing', nothing, 'unasked 45/1/10', 'unasked -/-/-', 'unasked 45/1/10', 'unasked -/-/-'],
  ['off', off, 'off 45/1/10', 'off -/-/-', 'leave: respected', 'leave: respected'],
  ['no delay', noDelay, 'no-delay 45/1/10', 'kernel -/-/-', 'leave: respected', 'leave: respected'],
  ['shorter', shorter, 'shorter 5/1/10', 'kernel -/-/-', 'respected 5/1/10', 'leave: respected'],
  ['equal', equal, 'shorter 45/1/10', 'kernel -/-/-', 'respected 45/1/10', 'leave: respected'],
  ['longer', longer, 'longer 45/1/10', 'kernel -/-/-', 'respected 600/1/10', 'leave: respected'],
]

for (const [app, mode, column] of columns) {
  t.test(
    `${app}, ${mode} mode: without interval and count, those of libuv are what is set`,
    (t) => {
      const policy = createPolicy({ ...standard, app, mode, intervalMs: 7_000, probes: 9 }, false)
      for (const row of withoutInterval) t.equal(shown(policy.decide(row[1])), row[column], row[0])
      t.end()
    },
  )
}

t.test('a program that makes up schedules does not fill the memory', (t) => {
  const policy = createPolicy(standard, true)
  const answers = Array.from({ length: 40 }, (_, index) =>
    policy.decide(asks({ delayMs: (index + 1) * 1_000 })),
  )
  const again = answers.map((answer) =>
    policy.decide(asks({ delayMs: answer.action === 'protect' ? answer.delayMs : null })),
  )
  t.same(again, answers)
  t.equal(again.filter((answer, index) => answer === answers[index]).length, 16)
  t.end()
})

t.test('the policy does not change what was asked', (t) => {
  const asked = Object.freeze(asks({ delayMs: 600_000, probes: 3 }))
  for (const [app, mode] of columns) createPolicy({ ...standard, app, mode }, true).decide(asked)
  t.same(asked, { enable: true, delayMs: 600_000, intervalMs: null, probes: 3 })
  t.end()
})

t.test('the wish of the program was set aside by off, no-delay and longer alone', (t) => {
  const policy = createPolicy(standard, true)
  const setAside = table.filter(([, asked]) => overrides(policy.decide(asked)))
  t.same(
    setAside.map(([name]) => name),
    table
      .map(([name]) => name)
      .filter((name) => /^(off|no delay|longer|a second longer)/.test(name)),
  )
  t.notOk(overrides({ action: 'leave', reason: 'respected' }))
  t.notOk(overrides({ action: 'leave', reason: 'excluded', rule: '*.internal' }))
  t.notOk(overrides({ action: 'leave', reason: 'exempt' }))
  t.end()
})

t.test('interval and probes that this Node cannot set are those of the settings, later', (t) => {
  const policy = createPolicy(standard, false)
  const later = (asked: Asked | null) => {
    const decision = policy.decide(asked)
    return decision.action === 'protect' ? policy.withProbes(decision) : decision
  }
  t.equal(shown(later(nothing)), 'unasked 45/15/24')
  t.equal(shown(later(shorter)), 'shorter 5/15/24')
  t.equal(later(nothing), later(nothing), 'the same object')
  const done = later(nothing)
  if (done.action === 'protect') t.equal(policy.withProbes(done), done, 'nothing is missing')
  t.end()
})

t.test('nothing is missing where this Node sets all, or the sysctls do', (t) => {
  for (const policy of [
    createPolicy(standard, true),
    createPolicy({ ...standard, mode: 'kernel' }, false),
  ]) {
    for (const [name, asked] of table) {
      const decision = policy.decide(asked)
      if (decision.action === 'protect') t.equal(policy.withProbes(decision), decision, name)
    }
  }
  t.end()
})
