import type { ComparedTest } from './compared-test'
import { differencesOf, isUneven, type Runs } from './outcome'
import type { Place } from './place'

/** A test, and how it went in its runs. */
export interface Result extends Runs {
  readonly test: ComparedTest
}

/** Places at a time. For most of theirs tests wait. */
const JOBS = 8

/** How often a test whose two runs were not alike is run again, and how often while it differs. */
const ROUNDS = 3
const MOST_ROUNDS = 10

/** Runs every test, without the hook and with it, in `jobs` places that `createPlace` makes. */
export async function compareTests(
  createPlace: () => Promise<Place>,
  tests: readonly ComparedTest[],
  jobs = JOBS,
): Promise<Result[]> {
  const places: Place[] = []
  try {
    while (places.length < jobs) places.push(await createPlace())
    const waiting = tests[Symbol.iterator]()
    const results: Result[] = []
    const work = async (place: Place) => {
      for (const test of waiting) results.push({ test, ...(await runBoth(place, test)) })
    }
    await Promise.all(places.map(work))
    for (const [index, result] of results.entries()) {
      if (isUneven(result)) results[index] = await repeat(places[0] as Place, result)
    }
    return results
  } finally {
    await Promise.all(places.map((place) => place.close()))
  }
}

/** Runs a test alone. What differed among others has to differ again. */
async function repeat(place: Place, { test, bare }: Result): Promise<Result> {
  const runs: Runs = { bare: [...bare], hooked: [] }
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (round >= ROUNDS && differencesOf(runs).length === 0) break
    const again = await runBoth(place, test)
    runs.bare.push(...again.bare)
    runs.hooked.push(...again.hooked)
  }
  return { test, ...runs }
}

async function runBoth(place: Place, test: ComparedTest): Promise<Runs> {
  return { bare: [await place.run(test, 'bare')], hooked: [await place.run(test, 'hooked')] }
}
