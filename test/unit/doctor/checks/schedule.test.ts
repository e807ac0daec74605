import t from 'tap'
import { run } from '../../../../src/doctor/checks/schedule'
import { machineWith, sysctls } from './machine'

t.test('a Node that sets interval and count follows the settings', (t) => {
  const outcome = run(machineWith(t, {}, { node: '24.19.0' }))
  t.equal(outcome.verdict, 'ok')
  t.match(outcome.seen, 'first probe comes after 45 s idle')
  t.match(outcome.seen, 'noticed 405 s after its last packet (24 probes, 15 s apart)')
  t.match(outcome.seen, 'an outage of up to 345 s is survived')
  t.equal(outcome.action, null)
  t.end()
})

t.test('so does an older one with the native part', (t) => {
  const native = { known: true, value: null } as const
  const outcome = run(machineWith(t, {}, { node: '18.0.0', native }))
  t.equal(outcome.verdict, 'ok')
  t.match(outcome.seen, '24 probes, 15 s apart')
  t.end()
})

t.test('an older Node without it gives up after 10 probes, 1 s apart', (t) => {
  const native = { known: false, why: 'NAT_KEEPALIVE_NATIVE is off' } as const
  const outcome = run(machineWith(t, {}, { node: '20.20.2', native }))
  t.equal(outcome.verdict, 'advice')
  t.match(outcome.seen, 'noticed 55 s after its last packet (10 probes, 1 s apart)')
  t.match(outcome.seen, 'The settings ask for 24 probes 15 s apart')
  t.match(outcome.seen, 'more than about 10 s')
  t.match(outcome.action, 'let the native part load')
  t.match(outcome.action, 'Node 24.19, 26.4 or newer')
  t.end()
})

t.test('in kernel mode the sysctls are the schedule, on every Node', (t) => {
  const env = { NAT_KEEPALIVE_MODE: 'kernel' }
  for (const node of ['18.20.8', '26.4.0']) {
    const good = run(machineWith(t, sysctls('60', '20', '5'), { node, env }))
    t.equal(good.verdict, 'ok')
    t.match(good.seen, 'noticed 160 s after its last packet (5 probes, 20 s apart)')
    const late = run(machineWith(t, sysctls('7200'), { node, env }))
    t.equal(late.verdict, 'finding')
    t.match(late.seen, 'but the path forgets it after 240 s')
    t.equal(run(machineWith(t, {}, { node, env })).verdict, 'unknown')
  }
  t.end()
})

t.test('a single probe survives no outage', (t) => {
  const outcome = run(machineWith(t, {}, { env: { NAT_KEEPALIVE_PROBES: '1' } }))
  t.match(outcome.seen, 'one lost probe ends the connection')
  t.end()
})

t.test('a hook that is off has no schedule', (t) => {
  const outcome = run(machineWith(t, {}, { env: { NAT_KEEPALIVE: 'off' } }))
  t.equal(outcome.verdict, 'advice')
  t.notMatch(outcome.seen, 'first probe')
  t.end()
})

t.test('where probes do not count for the chosen profile, that is a finding', (t) => {
  const profiled = (profile: string) =>
    run(machineWith(t, {}, { node: '24.19.0', env: { NAT_KEEPALIVE_PROFILE: profile } }))
  const unkept = profiled('aws-global-accelerator')
  t.equal(unkept.verdict, 'finding')
  t.match(unkept.seen, 'Behind AWS Global Accelerator keepalive probes do not count')
  t.match(unkept.action, 'Send something within the limit')
  t.equal(unkept.data.probes, 'unanswered')
  t.equal(profiled('aws-nat-gateway').verdict, 'ok')
  t.end()
})
