'use strict'

/** One digit more than elsewhere: an aim and what just misses it are not to look the same. */
function digits(number) {
  return String(Number(number.toPrecision(4)))
}

/** The cells of an aim: what it is about, the aim, the figure with its middle half, and the outcome. */
function aimCells({ what, measure, who, figure, unit, most, median, quartiles, outcome }) {
  const about = `${what}: ${measure.replace(/, extrapolated.*/, '')}`
  const variant = who === 'ours' ? '' : ` (${who.replace(/^ours, /, '')})`
  const beyond = figure === 'beyond' ? ' more than without' : ''
  return [
    `${about}${variant}`,
    `at most ${most} ${unit}${beyond}`,
    median === undefined ? '-' : `${digits(median)} (${quartiles.map(digits).join(' to ')})`,
    outcome,
  ]
}

/** How many aims have each outcome, in a sentence. */
function countedOutcomes(judgements) {
  const outcomes = ['met', 'missed', 'not decided', 'not measured']
  const counts = outcomes.map((outcome) => {
    const count = judgements.filter((one) => one.outcome === outcome).length
    return count === 0 ? [] : [`${count} ${outcome}`]
  })
  return `Of ${judgements.length} aims: ${counts.flat().join(', ')}.`
}

/** What `--check` prints. */
function aimsText(judgements) {
  const lines = judgements.map((judgement) => {
    const [about, aim, figure, outcome] = aimCells(judgement)
    return `  ${outcome?.padEnd(14)}${about}\n${' '.repeat(16)}${aim}, it is ${figure}\n`
  })
  return `\nAims\n${lines.join('')}${countedOutcomes(judgements)}\n`
}

module.exports = { aimCells, aimsText, countedOutcomes }
