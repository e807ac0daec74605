import type { Endpoint } from '../connections/endpoint'
import type { Asked, Protection, Reason } from '../connections/policy'
import type { Death } from '../judge/deaths'
import type { KeepaliveSysctls } from '../kernel/sysctl'
import type { Finding } from './finding'

/** What every channel says: plain data, in one shape. */
export interface Message<Code extends string | null, Data> {
  /** That of the warning about the same, where there is one (`nat-keepalive explain CODE`). */
  readonly code: Code
  /** One or more sentences for people. */
  readonly message: string
  readonly data: Data
}

/** Keepalive was put on a connection, or was found to be on it in time. */
export type ProtectMessage = Message<null, Applied>

/** A call of the program's would have undone the protection, and was capped. */
export type OverrideMessage = Message<'NKA204', Applied>

export interface Applied {
  /** That of the connection in `report()`. */
  readonly id: number
  readonly endpoint: Endpoint
  /** What the program asked for; null where it asked for nothing. */
  readonly asked: Asked | null
  /** Milliseconds; null in a field leaves it to the kernel's sysctls. */
  readonly applied: Protection
  readonly reason: Reason
}

/** Connections of one destination and opening place have been idle for long. */
export type IdleMessage = Message<'NKA201' | 'NKA202', Finding['data']>

/** Some of them are dying: nobody answers their probes, or acknowledges their data. */
export type DyingMessage = Message<'NKA205', Finding['data']>

/** A connection ended that had been idle; without a code, nothing explains it. */
export type LostMessage = Message<'NKA301' | 'NKA302' | 'NKA303' | null, Death>

/** The kernel's keepalive times; with a code where they do not suit the path. */
export type KernelMessage = Message<'NKA101' | null, KernelData>

export interface KernelData {
  readonly sysctls: KeepaliveSysctls | null
  /** Why they are not known. */
  readonly why: string | null
  readonly limitMs: number
}

/** The channels by their names, without `nat-keepalive:`. */
export interface Messages {
  readonly protect: ProtectMessage
  readonly override: OverrideMessage
  readonly idle: IdleMessage
  readonly dying: DyingMessage
  readonly lost: LostMessage
  readonly kernel: KernelMessage
}

/** A finding as its channel says it. */
export function messageOf({
  code,
  text,
  data,
}: Finding): Message<Finding['code'], Finding['data']> {
  return { code, message: text, data }
}
