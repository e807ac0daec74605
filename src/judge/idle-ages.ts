/** After which idle time a connection ended. Milliseconds. */
export interface Age {
  readonly minIdleMs: number
  readonly maxIdleMs: number
  /** By the clock of the process. */
  readonly endedAt: number
}

/** An idle time after which connections to one destination have ended again and again. Milliseconds. */
export interface Recurrence {
  readonly count: number
  readonly minIdleMs: number
  readonly maxIdleMs: number
}

/** A recurrence, and where. */
export interface Learned extends Recurrence {
  readonly destination: string
}

/** So many at the least, at moments of their own: a peer that goes away ends all at once. */
const NEEDED = 3
const APART_MS = 1_000
/** The same idle time is one that differs by no more than that. */
const TOLERANCE = 1.1

const MOST_DESTINATIONS = 100
const MOST_AGES = 8

/** Whether an idle time is known well enough to be compared: looks that are far apart tell little. */
function isSharp({ minIdleMs, maxIdleMs }: Age): boolean {
  return minIdleMs >= maxIdleMs / 2
}

function isLike(one: Age, other: Age): boolean {
  return (
    one.minIdleMs <= other.maxIdleMs * TOLERANCE && other.minIdleMs <= one.maxIdleMs * TOLERANCE
  )
}

/** How often the last of some idle times was seen before; null where that proves nothing. Pure. */
export function recurrenceOf(ages: readonly Age[]): Recurrence | null {
  const last = ages.at(-1)
  if (last === undefined || !isSharp(last)) return null
  const alike: Age[] = []
  for (const age of ages) {
    const isApart = alike.every(({ endedAt }) => Math.abs(age.endedAt - endedAt) >= APART_MS)
    if (isApart && isSharp(age) && isLike(age, last)) alike.push(age)
  }
  if (alike.length < NEEDED) return null
  return {
    count: alike.length,
    minIdleMs: Math.min(...alike.map(({ minIdleMs }) => minIdleMs)),
    maxIdleMs: Math.max(...alike.map(({ maxIdleMs }) => maxIdleMs)),
  }
}

/** The idle times after which connections ended, the last few of each of the last destinations. */
export class IdleAges {
  readonly #ages = new Map<string, readonly Age[]>()

  /** Takes one, and says how often it was seen. */
  note(destination: string, { minIdleMs, maxIdleMs, endedAt }: Age): Recurrence | null {
    const before = this.#ages.get(destination) ?? []
    const ages = [...before, { minIdleMs, maxIdleMs, endedAt }].slice(-MOST_AGES)
    this.#ages.delete(destination)
    this.#ages.set(destination, ages)
    const [oldest] = this.#ages.keys()
    if (this.#ages.size > MOST_DESTINATIONS && oldest !== undefined) this.#ages.delete(oldest)
    return recurrenceOf(ages)
  }

  get learned(): readonly Learned[] {
    return [...this.#ages].flatMap(([destination, ages]) => {
      const recurrence = recurrenceOf(ages)
      return recurrence === null ? [] : [{ destination, ...recurrence }]
    })
  }
}
