import { amazon } from './middleboxes/amazon'
import { clouds } from './middleboxes/clouds'
import { firewalls } from './middleboxes/firewalls'
import { kernels } from './middleboxes/kernels'
import { layer7 } from './middleboxes/layer-7'
import type { Profile } from './profile'

export type { Profile } from './profile'

/** The middleboxes whose limits have a source, in the order of their vendors. */
export const profiles: readonly Profile[] = Object.freeze(
  [...amazon, ...clouds, ...kernels, ...firewalls, ...layer7].map((profile) => {
    if (profile.range !== null) Object.freeze(profile.range)
    return Object.freeze(profile)
  }),
)

/**
 * The layer-4 middlebox with the lowest verified default, the first listed among equals: what a
 * path is taken for when nobody says what stands on it.
 */
export function strictestDefault(among: readonly Profile[] = profiles): Profile {
  return among
    .filter(({ layer, verified, probes }) => layer === 4 && verified && probes === 'count')
    .reduce((lowest, profile) => (profile.limitSeconds < lowest.limitSeconds ? profile : lowest))
}

/** Whether keepalive probes keep a connection through it. */
export function probesCount({ probes }: Profile): boolean {
  return probes === 'count'
}

/** The middlebox with this exact id, or undefined. */
export function findProfile(id: string): Profile | undefined {
  return profiles.find((profile) => profile.id === id)
}
