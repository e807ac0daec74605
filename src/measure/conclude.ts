import type { Profile } from '../settings/profiles'
import type { Rung } from './rung'

/** What a measurement is about to say. */
export interface Evidence {
  readonly control: Rung | null
  /** Without the control. */
  readonly rungs: readonly Rung[]
  /** After how much time the control was answered no more while new connections opened, or null. */
  readonly swallowedAfterMs: number | null
}

/** What the next packet of a forgotten connection met. */
export type Meets = 'reset' | 'nothing' | 'both'

export type Conclusion =
  /** The path remembers a silence of `atLeastMs`, and has forgotten it after `lessThanMs`. */
  | (Bounds<'limit'> & {
      readonly lessThanMs: number
      readonly meets: Meets
      readonly early: boolean
    })
  /** Nothing forgot up to `atLeastMs`, the longest silence that was answered. */
  | Bounds<'none'>
  /** The far end closed connections after a silence of `closesFromMs` to `closesToMs`. */
  | (Bounds<'closes'> & { readonly closesFromMs: number; readonly closesToMs: number })
  /** Longer silences were remembered than some that were forgotten. */
  | (Bounds<'mixed'> & { readonly lessThanMs: number })
  /** Probes are not answered, from the start (0), or no more after a time. */
  | (Bounds<'swallowed'> & { readonly afterMs: number })
  /** The far end is never silent. */
  | Bounds<'speaks'>
  | Bounds<'unknown'>

interface Bounds<Kind extends string> {
  readonly kind: Kind
  /** The longest silence after which a probe was answered; null: none was witnessed. */
  readonly atLeastMs: number | null
}

/** What follows from what was witnessed, and no more than that. Pure. */
export function conclude({ control, rungs, swallowedAfterMs }: Evidence): Conclusion {
  const all = control === null ? rungs : [control, ...rungs]
  const of = (...outcomes: Rung['outcome'][]): number[] =>
    all.filter(({ outcome }) => outcomes.includes(outcome)).map(({ silentMs }) => silentMs)
  const answered = of('answered')
  const forgotten = of('reset', 'unanswered', 'reset-early')
  const closed = of('closed')
  const longest = answered.length === 0 ? null : Math.max(...answered)
  if (control?.outcome === 'unanswered') {
    return { kind: 'swallowed', atLeastMs: null, afterMs: 0 }
  }
  if (forgotten.length > 0) {
    const lessThanMs = Math.min(...forgotten)
    const below = answered.filter((ms) => ms < lessThanMs)
    const atLeastMs = below.length === 0 ? null : Math.max(...below)
    if (longest !== null && longest > lessThanMs) return { kind: 'mixed', atLeastMs, lessThanMs }
    const early = of('reset-early').includes(lessThanMs)
    return { kind: 'limit', atLeastMs, lessThanMs, meets: meetsOf(all), early }
  }
  if (swallowedAfterMs !== null) {
    return { kind: 'swallowed', atLeastMs: longest, afterMs: swallowedAfterMs }
  }
  if (closed.length > 0) {
    const [closesFromMs, closesToMs] = [Math.min(...closed), Math.max(...closed)]
    return { kind: 'closes', atLeastMs: longest, closesFromMs, closesToMs }
  }
  if (longest !== null) return { kind: 'none', atLeastMs: longest }
  return { kind: of('speaks').length > 0 ? 'speaks' : 'unknown', atLeastMs: null }
}

function meetsOf(rungs: readonly Rung[]): Meets {
  const reset = rungs.some(({ outcome }) => outcome === 'reset' || outcome === 'reset-early')
  const nothing = rungs.some(({ outcome }) => outcome === 'unanswered')
  return reset && nothing ? 'both' : reset ? 'reset' : 'nothing'
}

/** The middleboxes whose default lies in the interval, those that behave otherwise left out. Pure. */
export function fitting(conclusion: Conclusion, table: readonly Profile[]): Profile[] {
  if (conclusion.kind === 'limit') {
    const { atLeastMs, lessThanMs, meets } = conclusion
    const other = meets === 'reset' ? 'drop' : meets === 'nothing' ? 'reset' : null
    return table.filter(
      ({ layer, limitSeconds, after }) =>
        layer === 4 &&
        limitSeconds * 1_000 >= (atLeastMs ?? 0) &&
        limitSeconds * 1_000 <= lessThanMs &&
        (after === null || after !== other),
    )
  }
  if (conclusion.kind === 'closes') {
    // A sweep that looks now and then closes late, never early.
    return table.filter(
      ({ layer, limitSeconds }) =>
        layer === 7 &&
        limitSeconds * 1_000 <= conclusion.closesToMs &&
        limitSeconds * 1_000 * 1.1 >= conclusion.closesFromMs,
    )
  }
  return []
}

/** The limit to set, in whole seconds: what was remembered for sure. Null where none follows. Pure. */
export function limitToSet(conclusion: Conclusion): number | null {
  if (conclusion.kind !== 'limit' && conclusion.kind !== 'mixed') return null
  const seconds = Math.floor((conclusion.atLeastMs ?? 0) / 1_000)
  return seconds >= 2 ? seconds : null
}
