'use strict'

/** The median and the middle half (first and third quartile) of a list of numbers. */
function summary(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = (share) => {
    const place = (sorted.length - 1) * share
    const below = sorted[Math.floor(place)]
    return rounded(below + (sorted[Math.ceil(place)] - below) * (place % 1))
  }
  return { median: at(0.5), quartiles: [at(0.25), at(0.75)] }
}

/** Four significant digits, and never less than the whole number. */
function rounded(number) {
  return Math.abs(number) >= 1_000 ? Math.round(number) : Number(number.toPrecision(4))
}

/**
 * Whether a ratio says more than its own spread: it is off from 1 by at least half the width of its
 * middle half. Where it is not, no difference was found.
 */
function isDistinct({ median, quartiles: [low, high] }) {
  return Math.abs(median - 1) >= (high - low) / 2
}

/** What stands for a ratio that is not distinct, wherever ratios are shown. */
const NO_DIFFERENCE = 'no difference was found'

/**
 * One line of results. `samples` has, for each contender, one number a round; the ratios are of the
 * same round, so that what slows the machine down for a while falls out of them. With `beyond` there
 * is also what each has more than the base.
 */
function compare({ what, measure, unit, base = 'nothing', beyond = false }, samples) {
  const figure = (name) => {
    if (name === base) return summary(samples[name])
    const ratios = samples[name].map((sample, round) => sample / samples[base][round])
    const more = samples[name].map((sample, round) => sample - samples[base][round])
    return {
      ...summary(samples[name]),
      // To nothing at all there is no ratio.
      ...(ratios.every(Number.isFinite) ? { ratio: summary(ratios) } : {}),
      ...(beyond ? { beyond: summary(more) } : {}),
    }
  }
  const names = Object.keys(samples).filter((name) => samples[name].length > 0)
  const figures = Object.fromEntries(names.map((name) => [name, figure(name)]))
  const { [base]: baseline, ours, ...peers } = figures
  return { what, measure, unit, rounds: samples[base].length, base, baseline, ours, peers }
}

module.exports = { compare, isDistinct, NO_DIFFERENCE, summary }
