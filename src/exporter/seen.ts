/** What a look at a machine saw, as far as metrics need it. Null is what is not known. */
export interface SeenMachine {
  readonly processes: readonly SeenProcess[]
  /** Processes that could not be looked into. */
  readonly unseen: readonly {
    readonly reason: string
    /** Null: there may be some, and nobody can say how many. */
    readonly count: number | null
  }[]
}

export interface SeenProcess {
  readonly command: string
  readonly node: boolean | null
  /** Null where nothing shows it. */
  readonly hook: { readonly version: string | null } | null
  readonly container: { readonly id: string } | null
  readonly pod: string | null
  readonly sockets: readonly SeenSocket[]
}

export interface SeenSocket {
  readonly verdict: 'safe' | 'unknown' | 'at-risk' | 'dying'
  /** Since data last moved; null where it is not known. */
  readonly idleMs: number | null
}
