import t from 'tap'
import { run } from '../../../../src/doctor/checks/sysctl-access'
import { machineWith } from './machine'

t.test('who can set the sysctls follows from the place', (t) => {
  const sysctl = { 'proc/sys/net/ipv4/tcp_keepalive_time': '7200\n' }
  const cases: readonly [
    env: Record<string, string>,
    files: Record<string, string>,
    verdict: string,
    seen: RegExp,
  ][] = [
    [{ AWS_LAMBDA_FUNCTION_NAME: 'f' }, sysctl, 'advice', /Lambda offers no way/],
    [{ K_SERVICE: 's', K_REVISION: 'r' }, sysctl, 'advice', /Cloud Run offers no way/],
    [{ AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' }, sysctl, 'ok', /platform version 1\.4\.0/],
    [{ ECS_CONTAINER_METADATA_URI: 'x' }, sysctl, 'ok', /systemControls/],
    [{ KUBERNETES_SERVICE_HOST: 'x' }, sysctl, 'ok', /safe sysctls from 1\.29/],
    [{}, { ...sysctl, '.dockerenv': '' }, 'ok', /--sysctl/],
    [{}, sysctl, 'ok', /whole host.*may also write them now/],
    [{}, {}, 'unknown', /whole host.*is not known/],
  ]
  for (const [env, files, verdict, seen] of cases) {
    const outcome = run(machineWith(t, files, { env }))
    t.equal(outcome.verdict, verdict, JSON.stringify(env))
    t.match(outcome.seen, seen)
  }
  const machine = machineWith(t, sysctl)
  const denied = { ...machine, files: { ...machine.files, writable: () => false } }
  t.match(run(denied).seen, 'This user may not write them')
  const mac = run(machineWith(t, sysctl, { platform: 'darwin' }))
  t.match(mac, { verdict: 'ok', seen: /On macOS the hook needs none/, action: null })
  t.end()
})
