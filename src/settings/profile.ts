/** What is known about the idle limit of one kind of middlebox. */
export interface Profile {
  /** The name a user gives to NAT_KEEPALIVE_PROFILE. */
  readonly id: string
  readonly name: string
  /** 4: it forwards packets. 7: it ends connections itself, and only data counts. */
  readonly layer: 4 | 7
  /** Idle time after which a connection is forgotten or closed by default, in seconds. */
  readonly limitSeconds: number
  /** Between which values that can be set, null where it is fixed or not documented. */
  readonly range: { readonly minSeconds: number; readonly maxSeconds: number } | null
  /** How, and in words; null where it is fixed or not documented. */
  readonly configurable: string | null
  /** What happens to a connection that reaches the limit. */
  readonly behaviour: string
  /** What the client's next packet meets by default; null where that is not known. */
  readonly after: 'reset' | 'drop' | 'close' | null
  /**
   * Whether a keepalive probe resets the clock: `count`; `ignored`: it is answered and resets
   * nothing; `unanswered`: it is not even answered for long, so that keepalive does harm.
   */
  readonly probes: 'count' | 'ignored' | 'unanswered'
  readonly source: string
  readonly url: string
  /** Year and month in which the source was read. */
  readonly checkedOn: string
  /** Whether the default stands in the vendor's own documentation or in source code. */
  readonly verified: boolean
  /** Whether what happens then does, too. */
  readonly behaviourVerified: boolean
}
