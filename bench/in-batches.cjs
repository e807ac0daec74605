'use strict'
const { startProgram } = require('./client.cjs')
const { inRounds } = require('./rounds.cjs')

/** A process has its own luck with memory and compilation: so many one after the other, of each. */
const GENERATIONS = 3

/**
 * Compares contenders that run side by side and do a batch of work in turns. Within a generation
 * every process has warmed up, and the batches are short, so that what disturbs one disturbs all.
 * `question(name)` is what each is asked for its next batch; `warmUp` batches do not count.
 */
async function inBatches({ contenders, program, rounds, warmUp = 3, question }) {
  const results = Object.fromEntries(contenders.map(({ name }) => [name, []]))
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const share = Math.ceil((rounds - generation) / GENERATIONS)
    if (share <= 0) break
    // Who starts first has another machine than who starts last.
    const at = (generation * 2) % contenders.length
    const order = [...contenders.slice(at), ...contenders.slice(0, at)]
    const clients = new Map(order.map((one) => [one.name, startProgram(program, one)]))
    try {
      const names = [...clients.keys()]
      const batches = await inRounds({ names, rounds: share, warmUp }, (name) =>
        clients.get(name)?.ask(question(name)),
      )
      for (const name of names) results[name].push(...batches[name])
    } finally {
      for (const client of clients.values()) await client.end()
    }
  }
  return results
}

module.exports = { inBatches }
