import type { Config } from '../settings/config'
import { settings } from '../settings/settings'

/** Where a container image, a layer or a host has the hook. */
export const hookFolder = '/opt/nat-keepalive'

/** What the settings come to, for every kind of configuration. */
export interface Values {
  readonly version: string
  readonly limitSeconds: number
  readonly delaySeconds: number
  readonly intervalSeconds: number
  readonly probes: number
  /** Names and values, as sysctl(8) writes them. */
  readonly sysctls: readonly (readonly [name: string, value: string])[]
  /** NODE_OPTIONS, and every setting that was given. */
  readonly environment: readonly (readonly [name: string, value: string])[]
}

/** Computes the values; `given` holds the names of the settings to hand on. */
export function valuesOf(config: Config, given: ReadonlySet<string>, version: string): Values {
  const delaySeconds = config.delayMs / 1000
  const intervalSeconds = config.intervalMs / 1000
  const { probes } = config
  return {
    version,
    limitSeconds: config.limitMs / 1000,
    delaySeconds,
    intervalSeconds,
    probes,
    sysctls: [
      ['net.ipv4.tcp_keepalive_time', String(delaySeconds)],
      ['net.ipv4.tcp_keepalive_intvl', String(intervalSeconds)],
      ['net.ipv4.tcp_keepalive_probes', String(probes)],
    ],
    environment: [
      ['NODE_OPTIONS', `--require=${hookFolder}/register.js`],
      ...settings
        .filter(({ name }) => given.has(name))
        .map(({ name, key, show }) => [name, show(config[key])] as const),
    ],
  }
}
