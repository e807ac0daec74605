import type { CoreTest } from './core-test'
import { differencesOf, isUneven, type Runs } from './outcome'
import { createPlace, type Place } from './place'

/** A test, and how it went in its runs. */
export interface Result extends Runs {
  readonly test: CoreTest
}

/** At a time. For most of theirs they wait. */
const JOBS = 8

/** How often a test whose two runs were not alike is run again, and how often while it differs. */
const ROUNDS = 3
const MOST_ROUNDS = 10

/** Runs every test by the executable `node`, without the hook and with it. */
export async function compareTests(node: string, tests: readonly CoreTest[]): Promise<Result[]> {
  const places: Place[] = []
  try {
    while (places.length < JOBS) places.push(await createPlace(node))
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

async function runBoth(place: Place, test: CoreTest): Promise<Runs> {
  return { bare: [await place.run(test, 'bare')], hooked: [await place.run(test, 'hooked')] }
}
