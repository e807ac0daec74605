'use strict'
const { parts } = require('./parts.cjs')
const { isDistinct, NO_DIFFERENCE } = require('./statistics.cjs')

/** The results for a terminal. */
function table({ machine, parts: results }) {
  const { node, system, kernel, cpus, cpu, memoryGb, load, takenAt } = machine
  const lines = [
    `${takenAt.slice(0, 10)}, Node ${node}, ${system}, Linux ${kernel}, ${cpus} x ${cpu}, ` +
      `${memoryGb} GB, load ${load} before it began.`,
    'Medians with the middle half in brackets; ratios are of the same round.',
  ]
  for (const [name, { rows, notMeasured }] of Object.entries(results)) {
    lines.push('', `${parts[name].title} (${name})`)
    for (const row of rows) lines.push(...rowLines(row))
    for (const one of notMeasured) lines.push(`  not measured: ${one}`)
  }
  return `${lines.join('\n')}\n`
}

function rowLines({ what, measure, unit, rounds, base, baseline, ours, peers }) {
  const figures = Object.entries({ [base]: baseline, ours, ...peers }).filter(([, one]) => one)
  return [
    `  ${what}: ${measure}, ${unit}, ${rounds} rounds`,
    ...figures.map(([name, figure]) => `    ${name.padEnd(28)}${figureText(figure)}`),
  ]
}

/** @param {Record<string, any>} figure */
function figureText({ ratio, ...figure }) {
  const compared = ratio === undefined ? '' : spread(ratio)
  const marked = ratio === undefined || isDistinct(ratio) ? '' : `  ${NO_DIFFERENCE}`
  return `${spread(figure).padEnd(30)}${compared}${marked}`
}

/** @param {Record<string, any>} figure */
function spread({ median, quartiles: [low, high] }) {
  return `${String(median).padStart(8)} [${low} .. ${high}]`
}

module.exports = { table }
