import t from 'tap'
import { run } from '../../../../src/doctor/checks/kernel'
import { machineWith, sysctls } from './machine'

t.test('the first probe has to come before the limit', (t) => {
  const table: readonly [time: string, limit: string, late: boolean][] = [
    ['45', '240s', false],
    ['239', '240s', false],
    ['240', '240s', true],
    ['7200', '240s', true],
    ['60', '60s', true],
    ['59', '60s', false],
    ['7200', '3h', false],
  ]
  for (const [time, NAT_KEEPALIVE_LIMIT, late] of table) {
    const outcome = run(machineWith(t, sysctls(time), { env: { NAT_KEEPALIVE_LIMIT } }))
    t.equal(outcome.verdict, late ? 'finding' : 'ok', `${time} s, ${NAT_KEEPALIVE_LIMIT}`)
    t.equal(outcome.action === null, !late)
  }
  t.end()
})

t.test('it is said in terms of the limit, with the values to set', (t) => {
  const outcome = run(machineWith(t, sysctls('7200'), { env: { NAT_KEEPALIVE_LIMIT: '60s' } }))
  t.match(outcome.seen, '7200 s is not less than the idle limit of 60 s')
  t.match(
    outcome.action,
    /^Set net\.ipv4\.tcp_keepalive_time=15, tcp_keepalive_intvl=15 and tcp_keepalive_probes=24,/,
  )
  t.end()
})

t.test('the remedy is that of the place', (t) => {
  const table: readonly [
    env: Record<string, string>,
    files: Record<string, string>,
    kind: RegExp,
  ][] = [
    [{}, {}, /snippet sysctl/],
    [{}, { '.dockerenv': '' }, /snippet docker/],
    [{ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, { '.dockerenv': '' }, /snippet kubernetes/],
    [{ AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' }, {}, /snippet ecs/],
    [{ AWS_LAMBDA_FUNCTION_NAME: 'f' }, {}, /^Lambda lets nobody set these/],
  ]
  for (const [env, files, kind] of table) {
    t.match(run(machineWith(t, { ...sysctls('7200'), ...files }, { env })).action, kind)
  }
  t.end()
})

t.test('where nobody can set them, late times are advice, but not in kernel mode', (t) => {
  const verdict = (env: Record<string, string>) =>
    run(machineWith(t, sysctls('7200'), { env: { AWS_LAMBDA_FUNCTION_NAME: 'f', ...env } })).verdict
  t.equal(verdict({}), 'advice')
  t.equal(verdict({ NAT_KEEPALIVE_MODE: 'kernel' }), 'finding')
  t.end()
})

t.test('kernel mode concerns every socket', (t) => {
  const env = { NAT_KEEPALIVE_MODE: 'kernel' }
  t.match(run(machineWith(t, sysctls('7200'), { env })).seen, 'leaves every socket to these values')
  t.notMatch(run(machineWith(t, sysctls('7200'))).seen, 'every socket')
  t.end()
})

t.test('what cannot be read is not known, and is no verdict', (t) => {
  for (const files of [{}, sysctls('0'), sysctls('45', 'x'), { ...sysctls('45', '') }]) {
    const outcome = run(machineWith(t, files))
    t.equal(outcome.verdict, 'unknown')
    t.match(outcome.seen, 'is not known')
    t.notMatch(outcome.seen, 'forgotten')
  }
  t.end()
})

t.test('off Linux it is said what the hook does, and what is left to do', (t) => {
  for (const [platform, name] of [
    ['darwin', 'macOS'],
    ['win32', 'Windows'],
    ['aix', 'aix'],
  ] as const) {
    const socket = run(machineWith(t, sysctls('7200'), { platform }))
    t.equal(socket.verdict, 'unknown')
    t.match(socket.seen, `The times of ${name} are not known here`)
    t.match(socket.seen, 'the hook sets keepalive and its times itself')
    t.match(socket.action, /^Give native clients/)
    const env = { NAT_KEEPALIVE_MODE: 'kernel' }
    const kernel = run(machineWith(t, sysctls('7200'), { platform, env }))
    t.equal(kernel.verdict, 'unknown')
    t.match(kernel.seen, 'leaves every socket to them')
    t.match(kernel.action, /^Unset NAT_KEEPALIVE_MODE/)
  }
  t.end()
})
