import t from 'tap'
import {
  finerSteps,
  firstSteps,
  MOST_CONNECTIONS,
  MOST_REFINED,
  MOST_STEPS,
} from '../../../src/measure/ladder'
import { profiles } from '../../../src/settings/profiles'

const limits = profiles.filter(({ layer }) => layer === 4).map((one) => one.limitSeconds * 1_000)

t.test('each known limit has a step on both sides, nearer than the next limit', (t) => {
  const upToMs = 16 * 60_000
  const steps = firstSteps(upToMs, limits)
  const known = [...new Set(limits)].filter((ms) => ms < upToMs).sort((a, b) => a - b)
  t.ok(known.length > 5)
  for (const [index, limit] of known.entries()) {
    const below = steps.filter((ms) => ms < limit).at(-1) ?? 0
    const above = steps.find((ms) => ms > limit) ?? 0
    t.ok(below > (known[index - 1] ?? 0), `${limit}: ${below} is above the limit before`)
    t.ok(above > 0 && above <= (known[index + 1] ?? upToMs), `${limit}: ${above} is below the next`)
  }
  t.equal(steps.at(-1), upToMs)
  t.end()
})

t.test('ascending, few enough, and at most as long as asked', (t) => {
  for (const upToMs of [3_000, 5_000, 61_000, 300_000, 960_000, 86_400_000]) {
    const steps = firstSteps(upToMs, limits)
    t.ok(steps.length <= MOST_STEPS, `${upToMs}: ${steps.length} steps`)
    t.equal(steps.at(-1), upToMs)
    t.same(
      steps,
      [...new Set(steps)].sort((a, b) => a - b),
    )
    t.ok((steps[0] as number) <= 3_000)
  }
  t.ok(MOST_STEPS + MOST_REFINED + 1 <= MOST_CONNECTIONS)
  t.end()
})

t.test('the second pass lies between, evenly, and no finer than a clock can witness', (t) => {
  const table: readonly [atLeast: number, lessThan: number, most: number, steps: number[]][] = [
    [3_000, 5_000, 11, [3_200, 3_400, 3_600, 3_800, 4_000, 4_200, 4_400, 4_600, 4_800]],
    [345_000, 355_000, 4, [347_000, 349_000, 351_000, 353_000]],
    [4_900, 5_000, 11, []],
    [0, 2_000, 3, [500, 1_000, 1_500]],
    [345_000, 355_000, 0, []],
  ]
  for (const [atLeast, lessThan, most, steps] of table) {
    t.same(finerSteps(atLeast, lessThan, most), steps, `${atLeast} to ${lessThan}`)
  }
  t.end()
})
