'use strict'
const { digits } = require('./digits.cjs')
const { costRows } = require('./pictures/cost-rows.cjs')
const { isDistinct, NO_DIFFERENCE } = require('./statistics.cjs')

const BEGIN = '<!-- costs: `npm run bench -- --write` writes what follows -->\n'
const END = '<!-- costs: end -->'

/** The README with the figures of these results in their place. */
function withCosts(readme, results) {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin < 0 || end < begin) throw new Error('The README has no place for the costs.')
  return readme.slice(0, begin + BEGIN.length) + costs(results) + readme.slice(end)
}

function costs(results) {
  const { takenAt, node, kernel, cpus, cpu } = results.machine
  const rows = costRows(results).map(
    ({ label, measure, unit, nothing, ours: { median, ratio } }) =>
      `| ${label}, ${measure} | ${digits(nothing)} ${unit} | ${digits(median)} ${unit} | ` +
      `${isDistinct(ratio) ? ratio.median.toFixed(2) : NO_DIFFERENCE} ` +
      `(${ratio.quartiles.map((one) => one.toFixed(2)).join(' to ')}) |`,
  )
  return [
    `Measured on ${takenAt.slice(0, 10)} with Node ${node} on Linux ${kernel}, ${cpus} x ${cpu}:`,
    '',
    '| | without | with the hook | ratio, and its middle half |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

module.exports = { withCosts }
