import t from 'tap'
import { findProfile, profiles, strictestDefault } from '../../../src/settings/profiles'
import { strictestLimitSeconds } from '../../../src/settings/strictest-limit'

t.test('the limits are those of their sources', (t) => {
  const limits = Object.fromEntries(profiles.map(({ id, limitSeconds }) => [id, limitSeconds]))
  t.same(limits, {
    'aws-nat-gateway': 350,
    'aws-vpc-endpoint': 350,
    'aws-nlb': 350,
    'aws-gwlb': 350,
    'aws-network-firewall': 350,
    'aws-global-accelerator': 340,
    'aws-security-group': 432_000,
    'aws-security-group-nitro-v6': 350,
    'azure-load-balancer': 240,
    'azure-nat-gateway': 240,
    'azure-firewall': 240,
    'azure-firewall-east-west': 300,
    'gcp-firewall': 600,
    'gcp-cloud-nat': 1200,
    'oci-nlb': 360,
    'alibaba-nat': 900,
    'huawei-nat': 900,
    'tencent-nat': 10_800,
    'digitalocean-nat': 300,
    ipvs: 900,
    'kube-proxy': 86_400,
    cilium: 8000,
    'calico-ebpf': 3600,
    'docker-desktop': 300,
    'nf-conntrack': 432_000,
    fortigate: 3600,
    'cisco-firewall': 3600,
    'nsx-gateway': 7200,
    'nsx-distributed': 43_200,
    meraki: 300,
    rfc5382: 7440,
    'istio-sidecar': 3600,
    'aws-alb': 60,
    'aws-api-gateway-websocket': 600,
    'gcp-alb-backend': 600,
    cloudflare: 400,
    'openshift-router': 30,
  })
  t.end()
})

t.test('what was only partly verified and what is of layer 7 says so', (t) => {
  const ids = (wanted: (profile: (typeof profiles)[number]) => boolean) =>
    profiles.filter(wanted).map(({ id }) => id)
  t.same(
    ids(({ verified }) => !verified),
    ['meraki', 'gcp-alb-backend'],
  )
  t.same(
    ids(({ layer }) => layer === 7),
    [
      'istio-sidecar',
      'aws-alb',
      'aws-api-gateway-websocket',
      'gcp-alb-backend',
      'cloudflare',
      'openshift-router',
    ],
  )
  t.same(
    ids(({ layer, probes }) => layer === 4 && probes !== 'count'),
    ['aws-global-accelerator', 'docker-desktop'],
    'on these probes do not count',
  )
  t.same(
    ids(({ layer, probes }) => layer === 7 && probes !== 'ignored'),
    [],
  )
  t.end()
})

t.test('every profile is complete', (t) => {
  for (const profile of profiles) {
    t.match(profile.id, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    t.ok(Number.isInteger(profile.limitSeconds) && profile.limitSeconds >= 2, profile.id)
    t.match(profile.checkedOn, /^20\d\d-(0[1-9]|1[0-2])$/, profile.id)
    t.match(profile.url, /^https:\/\/[\w.-]+\/\S+$/, profile.id)
    const { range } = profile
    if (range !== null) {
      t.ok(range.minSeconds <= profile.limitSeconds, profile.id)
      t.ok(range.maxSeconds >= profile.limitSeconds, profile.id)
      t.not(profile.configurable, null, profile.id)
    }
    for (const text of [profile.name, profile.behaviour, profile.source, profile.configurable]) {
      t.ok(text === null || (text === text.trim() && text.length > 3), `${profile.id}: ${text}`)
    }
  }
  t.equal(new Set(profiles.map(({ id }) => id)).size, profiles.length, 'no id is there twice')
  t.end()
})

t.test('the data cannot be changed by a program', (t) => {
  t.ok(Object.isFrozen(profiles))
  t.ok(profiles.every((profile) => Object.isFrozen(profile)))
  t.ok(profiles.every(({ range }) => range === null || Object.isFrozen(range)))
  t.end()
})

t.test('the strictest default is the lowest verified limit of layer 4', (t) => {
  t.equal(strictestDefault().id, 'azure-load-balancer')
  t.equal(strictestDefault().limitSeconds, 240)
  t.equal(strictestLimitSeconds, strictestDefault().limitSeconds, 'what holds without the table')
  const doubtful = profiles.map((profile) =>
    profile.limitSeconds === 350 ? { ...profile, limitSeconds: 9, verified: false } : profile,
  )
  t.equal(strictestDefault(doubtful).limitSeconds, 240, 'an unverified limit does not count')
  const lower = profiles.filter(({ limitSeconds }) => limitSeconds < 240)
  t.ok(lower.length > 0, 'there is a lower one it has to pass over')
  t.ok(lower.every(({ layer, verified }) => layer === 7 || !verified))
  t.end()
})

t.test('finds a profile by its exact id', (t) => {
  t.equal(findProfile('aws-nlb')?.name, 'AWS Network Load Balancer')
  for (const id of ['', 'aws', 'AWS-NLB', ' aws-nlb', '__proto__', 'constructor']) {
    t.equal(findProfile(id), undefined, JSON.stringify(id))
  }
  t.end()
})
