import { findProfile } from '../../settings/profiles'
import type { Outcome } from './check'
import { type CloudId, detectPlace, type Place } from './detect-place'
import type { Machine } from './machine'
import { platformName } from './platform-name'
import { seconds } from './seconds'

export const id = 'place'
export const title = 'Where this runs'

/** What an outbound connection most likely passes in each cloud, of what has a verified limit. */
const likely: Readonly<Record<CloudId, string | null>> = {
  amazon: 'aws-nat-gateway',
  azure: 'azure-load-balancer',
  google: 'gcp-firewall',
  // The limit of its NAT gateway has no source.
  oracle: null,
  alibaba: 'alibaba-nat',
}

/** The container, the service and the cloud, and so the profile that is likely. */
export function run(machine: Machine): Outcome {
  const { config } = machine.settings
  if (machine.platform !== 'linux') {
    return {
      verdict: 'unknown',
      seen: `Which cloud or container this runs in is looked for on Linux only, not on ${platformName(machine.platform)}.`,
      action: keep(config.limitMs),
      data: {},
    }
  }
  const place = detectPlace(machine)
  const profile = place.cloud === null ? undefined : findProfile(likely[place.cloud.id] ?? '')
  const seen = `${describe(place)} Nobody was contacted.`
  const data = { ...place, likelyProfile: profile?.id ?? null }
  if (profile === undefined) {
    return { verdict: 'unknown', seen, action: keep(config.limitMs), data }
  }
  const limit = seconds(profile.limitSeconds * 1000)
  const guess = `${seen} So the likely profile is ${profile.id} (${profile.name}, ${limit});`
  if (config.limitMs > profile.limitSeconds * 1000) {
    return {
      verdict: 'advice',
      seen: `${guess} the limit in force, ${seconds(config.limitMs)}, is longer.`,
      action: `Unless the path is known to be another one, set NAT_KEEPALIVE_PROFILE=${profile.id}.`,
      data,
    }
  }
  return {
    verdict: 'ok',
    seen: `${guess} the limit in force, ${seconds(config.limitMs)}, does not exceed it.`,
    action: null,
    data,
  }
}

function keep(limitMs: number): string {
  return `Find out what stands on the path (\`nat-keepalive profiles\`); until then the limit of ${seconds(limitMs)} stands.`
}

function describe({ service, container, cloud, cloudWhy }: Place): string {
  const where = [service, container]
    .flatMap((found) => (found === null ? [] : [`${found.name} (by ${found.sign})`]))
    .join(', ')
  const inside = where === '' ? 'No sign of a container was found.' : `This is ${where}.`
  return cloud === null
    ? `${inside} The cloud is not known: ${cloudWhy}.`
    : `${inside} The cloud is ${cloud.name} (by ${cloud.sign}).`
}
