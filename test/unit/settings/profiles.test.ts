import t from 'tap'
import { findProfile, profiles, strictestDefault } from '../../../src/settings/profiles'

t.test('the limits are those of facts/middleboxes.md', (t) => {
  const limits = Object.fromEntries(profiles.map(({ id, limitSeconds }) => [id, limitSeconds]))
  t.same(limits, {
    'aws-nat-gateway': 350,
    'aws-vpc-endpoint': 350,
    'aws-nlb': 350,
    'aws-gwlb': 350,
    'aws-network-firewall': 350,
    'aws-security-group': 432_000,
    'aws-security-group-nitro-v6': 350,
    'azure-load-balancer': 240,
    'azure-nat-gateway': 240,
    'azure-firewall': 240,
    'gcp-firewall': 600,
    'gcp-cloud-nat': 1200,
    ipvs: 900,
    'nf-conntrack': 432_000,
    'oci-nlb': 360,
    'alibaba-nat': 900,
    'istio-sidecar': 3600,
    'aws-alb': 60,
    cloudflare: 400,
    rfc5382: 7440,
  })
  t.end()
})

t.test('what was only partly verified and what is of layer 7 says so', (t) => {
  const ids = (wanted: (profile: (typeof profiles)[number]) => boolean) =>
    profiles.filter(wanted).map(({ id }) => id)
  t.same(
    ids(({ verified }) => !verified),
    ['azure-firewall', 'gcp-cloud-nat'],
  )
  t.same(
    ids(({ layer }) => layer === 7),
    ['istio-sidecar', 'aws-alb', 'cloudflare'],
  )
  t.end()
})

t.test('every profile is complete', (t) => {
  for (const profile of profiles) {
    t.match(profile.id, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    t.ok(Number.isInteger(profile.limitSeconds) && profile.limitSeconds >= 2, profile.id)
    t.match(profile.checkedOn, /^20\d\d-(0[1-9]|1[0-2])$/, profile.id)
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
  t.end()
})

t.test('the strictest default is the lowest verified limit of layer 4', (t) => {
  t.equal(strictestDefault().id, 'azure-load-balancer')
  t.equal(strictestDefault().limitSeconds, 240)
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
