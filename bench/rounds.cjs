'use strict'

/** Nobody may always come after the same one: each round starts one further, every second backwards. */
function orderOf(names, round) {
  const from = round % names.length
  const turned = [...names.slice(from), ...names.slice(0, from)]
  return round % 2 === 0 ? turned : turned.reverse()
}

/**
 * Measures everybody once in each round, in turns, after `warmUp` rounds that do not count.
 * Returns the results in the order of the rounds, by name.
 */
async function inRounds({ names, rounds, warmUp = 1 }, measure) {
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of orderOf(names, round + warmUp)) {
      const result = await measure(name, round)
      if (round >= 0) results[name].push(result)
    }
  }
  return results
}

/** One measure out of results that have several. */
function samplesOf(results, read) {
  return Object.fromEntries(Object.entries(results).map(([name, all]) => [name, all.map(read)]))
}

module.exports = { inRounds, samplesOf }
