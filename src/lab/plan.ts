import { formatDuration } from '../settings/duration'
import { findProfile, type Profile } from '../settings/profiles'
import type { Expiry } from './topology'

/** Something that lasts. Milliseconds from the start of the command. */
export interface Span {
  readonly atMs: number
  readonly forMs: number
}

/** What a command is put behind, in the time of the real path; `scale` makes it shorter. */
export interface PathOptions {
  /** The id of a middlebox (`nat-keepalive profiles`), which gives the limit and the expiry. */
  readonly like?: string
  /** Idle time after which the path forgets a connection; that of `like`, else 5 s. */
  readonly limitMs?: number
  /** Every time is divided by it; 1 by default. What is left of the limit is rounded to whole seconds. */
  readonly scale?: number
  /** What the client's next packet on a forgotten connection meets; that of `like`, else `reset`. */
  readonly expiry?: Expiry
  /** Keepalive probes are lost beyond the NAT after so many of each connection; null: none is. */
  readonly probesEatenAfter?: number | null
  /** No packet passes meanwhile. */
  readonly outages?: readonly Span[]
  /** The command and its children stand still meanwhile, as a frozen function or a closed laptop does. */
  readonly freezes?: readonly Span[]
  /** When the NAT forgets every connection at once. Milliseconds from the start of the command. */
  readonly flushesAtMs?: readonly number[]
}

/** The same in the time of the lab. */
export interface Plan {
  readonly limitSeconds: number
  readonly scale: number
  readonly expiry: Expiry
  readonly probesEatenAfter: number | null
  readonly outages: readonly Span[]
  readonly freezes: readonly Span[]
  readonly flushesAtMs: readonly number[]
}

/**
 * Middleboxes of which it is known that they answer the client's next packet with RST (see
 * `nat-keepalive profiles`). The others are taken to be silent, which is the worse case.
 */
const resetting = ['aws-nat-gateway', 'aws-nlb', 'azure-nat-gateway', 'azure-firewall']

const maxLimitSeconds = 86_400
const maxProbes = 1_000

/** Throws a RangeError, whose message is a sentence, for what cannot be. */
export function planOf(options: PathOptions): Plan {
  const { like, scale = 1, probesEatenAfter = null } = options
  const profile = like === undefined ? null : profileOf(like)
  if (!(scale >= 1 && scale <= 1_000_000)) {
    throw new RangeError(`The scale is ${scale}, and has to be a number from 1 to 1000000.`)
  }
  const { limitMs = profile === null ? 5_000 : profile.limitSeconds * 1_000 } = options
  const exact = limitMs / scale / 1_000
  const limitSeconds = scale === 1 ? exact : Math.round(exact)
  // The kernel keeps it in jiffies in 32 bits; a day is far beyond any middlebox and safe.
  if (!(limitSeconds >= 1 && limitSeconds <= maxLimitSeconds)) {
    const scaled = scale === 1 ? '' : `, which the scale ${scale} makes ${limitMs / scale} ms`
    throw new RangeError(
      `The limit is ${formatDuration(limitMs)}${scaled}, and the NAT takes 1 s to 24 h.`,
    )
  }
  if (scale === 1 && limitMs % 1_000 !== 0) {
    throw new RangeError(
      `The limit is ${formatDuration(limitMs)}, and the NAT takes whole seconds.`,
    )
  }
  const eaten = probesEatenAfter ?? 0
  if (!(Number.isInteger(eaten) && eaten >= 0 && eaten <= maxProbes)) {
    throw new RangeError(
      `Probes are eaten after ${eaten}, and that has to be a whole number up to ${maxProbes}.`,
    )
  }
  const span = ({ atMs, forMs }: Span): Span => ({ atMs: atMs / scale, forMs: forMs / scale })
  return {
    limitSeconds,
    scale,
    expiry:
      options.expiry ?? (profile === null || resetting.includes(profile.id) ? 'reset' : 'drop'),
    probesEatenAfter,
    outages: (options.outages ?? []).map(span),
    freezes: (options.freezes ?? []).map(span),
    flushesAtMs: (options.flushesAtMs ?? []).map((ms) => ms / scale),
  }
}

function profileOf(id: string): Profile {
  const found = findProfile(id)
  if (found === undefined) {
    throw new RangeError(`There is no middlebox "${id}": \`nat-keepalive profiles\` lists them.`)
  }
  if (found.layer === 7) {
    throw new RangeError(
      `${found.name} works at layer 7: it ends connections itself, which no NAT can play.`,
    )
  }
  return found
}
