import t from 'tap'
import { run } from '../../../../src/doctor/checks/place'
import { profiles } from '../../../../src/settings/profiles'
import { machineWith } from './machine'

const dmi = (name: string, text: string) => ({ [`sys/class/dmi/id/${name}`]: `${text}\n` })

t.test('the likely profile exists, and is compared with the limit in force', (t) => {
  const at = (files: Record<string, string>, env: Record<string, string> = {}) =>
    run(machineWith(t, files, { env }))
  const clouds = [
    ['sys_vendor', 'Amazon EC2', 'aws-nat-gateway'],
    ['product_name', 'Google Compute Engine', 'gcp-firewall'],
    ['chassis_asset_tag', '7783-7084-3265-9085-8269-3286-77', 'azure-load-balancer'],
    ['sys_vendor', 'Alibaba Cloud', 'alibaba-nat'],
  ] as const
  for (const [name, text, profile] of clouds) {
    const outcome = at(dmi(name, text))
    t.equal(outcome.data.likelyProfile, profile)
    t.ok(profiles.some(({ id }) => id === profile))
    t.equal(outcome.verdict, 'ok')
  }
  const longer = at(dmi('sys_vendor', 'Amazon EC2'), { NAT_KEEPALIVE_LIMIT: '10m' })
  t.equal(longer.verdict, 'advice')
  t.match(longer.action, 'NAT_KEEPALIVE_PROFILE=aws-nat-gateway')
  t.end()
})

t.test('no cloud, and a cloud without a source, are not known', (t) => {
  t.match(run(machineWith(t, {})), { verdict: 'unknown', seen: /could not be read \(ENOENT\)/ })
  const vendor = run(machineWith(t, dmi('sys_vendor', 'Acme')))
  t.match(vendor, { verdict: 'unknown', seen: /names none that is known \(sys_vendor is "Acme"\)/ })
  t.equal(run(machineWith(t, dmi('chassis_asset_tag', 'OracleCloud.com'))).verdict, 'unknown')
  const mac = machineWith(t, { '.dockerenv': '' }, { platform: 'darwin' })
  t.match(run(mac), { verdict: 'unknown', seen: /on Linux only, not on macOS/ })
  t.end()
})
