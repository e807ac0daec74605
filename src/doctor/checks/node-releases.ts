import satisfiesRange from 'semver/functions/satisfies'

/** Something that a release of Node does not do, whatever the program asks for. */
export interface Hole {
  readonly range: string
  /** What is lost, as the continuation of "this Node". */
  readonly text: string
}

/**
 * The holes that matter to keepalive: 24.14.1 and 24.15.0, 25.7.0 and 25.8.0 were measured to differ,
 * and 26.10.0 still has the second.
 */
export const holes: readonly Hole[] = [
  {
    range: '<24.15.0 || >=25.0.0 <25.8.0',
    text: 'leaves an https request on a new connection without keepalive until it is answered, and ignores keepAlive of tls.connect (nodejs/node#62003)',
  },
  {
    range: '^24.15.0 || >=25.8.0',
    text: 'leaves https through a CONNECT tunnel without keepalive: keepAlive of tls.connect over a connected socket does nothing, and blocks a later setKeepAlive',
  },
]

/** Last day of each major release, from the schedule of the Node.js Release working group. */
export const endOfLife: Readonly<Record<number, string>> = {
  18: '2025-04-30',
  19: '2023-06-01',
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
}

/** A nightly counts as the release it leads to. */
export function satisfies(version: string, range: string): boolean {
  return satisfiesRange(version, range, { includePrerelease: true })
}
