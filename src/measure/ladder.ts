/** The silence of the control, in milliseconds: no path that anybody can use forgets in it. */
export const CONTROL_MS = 2_000

/** Connections in all, both passes and the control together: the politeness of the measurement. */
export const MOST_CONNECTIONS = 32
/** Of which the first pass takes so many, the control not counted. */
export const MOST_STEPS = 20
export const MOST_REFINED = MOST_CONNECTIONS - 1 - MOST_STEPS

const SHORTEST_MS = 3_000
/** From step to step where the table knows no limits. */
const FACTOR = 1.5
/** Steps that are nearer to each other than that tell the same. */
const SAME = 1.04

/**
 * The silences of the first pass, in milliseconds, ascending: one between each two limits that are
 * known, so that each has a step on both sides, and a ladder where none are known, up to `upToMs`.
 * Pure.
 */
export function firstSteps(upToMs: number, limitsMs: readonly number[]): number[] {
  const limits = [...new Set(limitsMs)].filter((ms) => ms < upToMs).sort((a, b) => a - b)
  const between = limits.slice(1).map((ms, index) => wholeSeconds((ms + at(limits, index)) / 2))
  const ladder: number[] = []
  for (let ms = SHORTEST_MS; ms < upToMs; ms *= FACTOR) ladder.push(wholeSeconds(ms))
  const first = limits[0] ?? upToMs
  const below = ladder.filter((ms) => ms * SAME < first)
  const steps = [...between, upToMs]
  for (const ms of [...below, ...ladder]) {
    const near = steps.some((step) => step / SAME < ms && ms < step * SAME)
    const lonely = !steps.some((step) => step / FACTOR < ms && ms < step * FACTOR)
    if (!near && (below.includes(ms) || lonely)) steps.push(ms)
  }
  return thinned([...new Set(steps)].sort((a, b) => a - b))
}

/**
 * The silences of the second pass, between the longest that was remembered and the shortest that was
 * forgotten: as many as are left, but none nearer to the next than a fifth of a second or a 400th of
 * itself, which is what a clock can witness. Pure.
 */
export function finerSteps(atLeastMs: number, lessThanMs: number, most = MOST_REFINED): number[] {
  const nearest = Math.max(200, lessThanMs / 400)
  const parts = Math.min(most + 1, Math.floor((lessThanMs - atLeastMs) / nearest))
  const step = (lessThanMs - atLeastMs) / parts
  return Array.from({ length: Math.max(0, parts - 1) }, (_, index) =>
    Math.round(atLeastMs + (index + 1) * step),
  )
}

/** Leaves out what is nearest to its neighbours until there are few enough; never the last. */
function thinned(steps: number[]): number[] {
  while (steps.length > MOST_STEPS) {
    let closest = 1
    for (let index = 1; index < steps.length - 1; index++) {
      if (gap(steps, index) < gap(steps, closest)) closest = index
    }
    steps.splice(closest, 1)
  }
  return steps
}

function gap(steps: readonly number[], index: number): number {
  return at(steps, index + 1) / at(steps, index - 1)
}

function at(steps: readonly number[], index: number): number {
  return steps[index] ?? Number.NaN
}

function wholeSeconds(ms: number): number {
  return Math.round(ms / 1_000) * 1_000
}
