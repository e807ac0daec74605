import { readFileSync } from 'node:fs'

/** What the kernel has on a socket. */
export interface Options {
  readonly on: boolean
  /** Seconds. */
  readonly idle: number
  /** Seconds. */
  readonly interval: number
  readonly count: number
}

/** What test/fixtures/ways.cjs prints of one moment: the options of every connection it has then. */
export interface Look {
  readonly way: string
  readonly moment: string
  readonly options: readonly Options[]
}

/** A version as numbers: major, minor, patch. */
function numbers(version: string): [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  return [major, minor, patch]
}

/** Before 24.19 and 26.4 Node leaves libuv's interval and count, whatever one asks. */
export function setsProbes(version: string): boolean {
  const [major, minor] = numbers(version)
  return major > 26 || (major === 26 && minor >= 4) || (major === 24 && minor >= 19)
}

/** Node 18.0 ignores a program's setKeepAlive(true) on a socket where it is on: the first call stays. */
export function keepsFirstCall(version: string): boolean {
  const [major, minor] = numbers(version)
  return major === 18 && minor === 0
}

/**
 * Since 24.15 TLS takes the keepalive options when it connects, of tls.connect and of an https
 * agent, as TCP always did (nodejs/node#62004).
 */
export function tlsTakesOptions(version: string): boolean {
  const [major, minor] = numbers(version)
  return major > 24 || (major === 24 && minor >= 15)
}

/** The idle time, in seconds, that the hook leaves at a moment: ours, unless the program's is shorter. */
function expectedIdle({ way, moment }: Look, version: string): number {
  const call = /^\[true,(\d+)/.exec(moment)?.[1] ?? /"initialDelay":(\d+)/.exec(moment)?.[1]
  const asked = Math.trunc(Number(call) / 1000)
  const takesObject = !moment.startsWith('[{') || setsProbes(version)
  const [major] = numbers(version)
  if (way.endsWith('of 5 s')) return way.startsWith('tls') && !tlsTakesOptions(version) ? 45 : 5
  if (keepsFirstCall(version)) return 45
  if (takesObject && asked >= 1 && asked <= 45) return asked
  // Node's own agents ask for 1 s: http when it connects, both when a socket returns to the pool.
  const byAgent = /^https?(, keepAlive agent)?$/.test(way)
  const fromTheStart =
    way.startsWith('http') && !way.startsWith('https')
      ? major >= 19 || way !== 'http'
      : tlsTakesOptions(version)
  return byAgent && (moment !== 'in flight' || fromTheStart) ? 1 : 45
}

function expectedProbes(
  { way, moment }: Look,
  version: string,
): { interval: number; count: number } {
  if (!setsProbes(version)) return { interval: 1, count: 10 }
  return /2000,3\]|"interval":2000,"count":3/.test(moment) || way.includes('four arguments of')
    ? { interval: 2, count: 3 }
    : { interval: 15, count: 24 }
}

/** What the hook's defaults leave on the one connection of a look under that version of Node. */
export function expectedOptions(look: Look, version: string): Options {
  return { on: true, idle: expectedIdle(look, version), ...expectedProbes(look, version) }
}

/** What NAT_KEEPALIVE_MODE=kernel leaves on every connection. */
export function sysctlOptions(): Options {
  const sysctl = (name: string) =>
    Number(readFileSync(`/proc/sys/net/ipv4/tcp_keepalive_${name}`, 'utf8'))
  return { on: true, idle: sysctl('time'), interval: sysctl('intvl'), count: sysctl('probes') }
}

/** The ways in which a program says what it wants, which counts under NAT_KEEPALIVE_APP=respect. */
export const respectWays = [
  'net',
  'net, keepAlive option of 10 min',
  'net, switched off before connect',
  'net, off while connecting',
  'tls, off while connecting',
  'setKeepAlive calls',
]
