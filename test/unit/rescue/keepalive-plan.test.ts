import t from 'tap'
import { LEAVE } from '../../../src/kernel/native'
import { planKeepalive, planned } from '../../../src/rescue/keepalive-plan'

const wanted = {
  delayMs: 45_000,
  intervalMs: 15_000,
  probes: 24,
  limitMs: 240_000,
  userTimeoutMs: null,
}
const has = (keepalive: boolean, delay: number, interval: number, probes: number) => ({
  keepalive,
  delayMs: delay * 1_000,
  intervalMs: interval * 1_000,
  probes,
  userTimeoutMs: 5_000,
})

const table: readonly [title: string, ReturnType<typeof has>, unknown][] = [
  ['off', has(false, 7_200, 75, 9), [45, 15, 24]],
  ['off, however short its times are', has(false, 1, 1, 127), [45, 15, 24]],
  [
    "the kernel's times, of which the count holds out longer",
    has(true, 7_200, 75, 9),
    [45, LEAVE, LEAVE],
  ],
  ['a shorter delay of its own', has(true, 20, 15, 4), [LEAVE, 15, 24]],
  ['what Node makes of it: 1 s apart', has(true, 30, 1, 10), [LEAVE, 15, 24]],
  ['ours', has(true, 45, 15, 24), null],
  ['better than ours', has(true, 20, 30, 24), null],
  ['an interval beyond the limit', has(true, 20, 250, 9), [LEAVE, 15, 24]],
  ['an interval that with the delay is beyond it', has(true, 45, 200, 9), [LEAVE, 15, 24]],
]

for (const [title, before, expected] of table) {
  t.test(title, (t) => {
    const plan = planKeepalive(before, wanted)
    t.strictSame(plan && [plan.idleSeconds, plan.intervalSeconds, plan.probes], expected)
    if (plan !== null) {
      const after = planned(before, plan)
      t.equal(planKeepalive(after, wanted), null, 'and then there is nothing to do')
      t.ok(after.keepalive && after.delayMs <= 45_000)
      t.equal(after.userTimeoutMs, 5_000, 'its own user timeout stays')
    }
    t.end()
  })
}

t.test('a user timeout is set where one is wanted and the program has none', (t) => {
  const timed = { ...wanted, userTimeoutMs: 600_000 }
  const none = { ...has(true, 45, 15, 24), userTimeoutMs: null }
  const plan = planKeepalive(none, timed)
  t.strictSame(plan, {
    idleSeconds: LEAVE,
    intervalSeconds: LEAVE,
    probes: LEAVE,
    userTimeoutMs: 600_000,
  })
  if (plan !== null) t.strictSame(planned(none, plan), { ...none, userTimeoutMs: 600_000 })
  t.equal(planKeepalive(has(true, 45, 15, 24), timed), null, 'its own stays')
  t.equal(planKeepalive(none, wanted), null)
  t.end()
})
